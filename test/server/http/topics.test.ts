import test from 'ava';
import { httpServer } from '../../helpers/http.js';
import { token } from '../../helpers/tokens.js';
import { until } from '../../helpers/wait.js';

test('a counter is one number with its version, and 0 where nothing was counted', async (t) => {
  const { get, database } = await httpServer(t);
  const before = await get('/v1/counters/things');
  t.is(before.status, 200);
  t.is(before.text, '{"topic":"things","value":0,"version":0}');
  t.is(before.headers.get('content-type'), 'application/json; charset=utf-8');
  await database.sql(`insert into public.things (kind) values ('a'), ('b')`);
  t.is((await get('/v1/counters/things')).json.value, 2);
  const pulsed = await until(async () => {
    const { json } = await get('/v1/counters/things');
    return Number(json.version) > 0 && json;
  });
  t.is(pulsed.value, 2);
  t.is((await get('/v1/counters/per_kind/nothing')).text.includes('"value":0,"version":0'), true);
});

test('a read shows what was committed a moment before it', async (t) => {
  const { get, database } = await httpServer(t);
  for (let count = 1; count <= 20; count += 1) {
    await database.sql('insert into public.things default values');
    t.is((await get('/v1/counters/things')).json.value, count);
  }
});

const scopes = ['a', 'team/7', '/a//b/', 'ä ö', '100%', 'a:b', '?x=1&y#z', '..', '日本', 'a+b'];
test('a scope is the rest of the path, with slashes as they are and the rest escaped', async (t) => {
  const { get, database } = await httpServer(t);
  for (const scope of scopes) {
    await database.sql('insert into public.things (kind) values ($1)', [scope]);
    // A client would walk up the path for a bare "..".
    const escaped = encodeURIComponent(scope).replaceAll('..', '%2E%2E');
    for (const path of [escaped, escaped.replaceAll('%2F', '/')]) {
      if (path === '%2E%2E') continue;
      const { status, json } = await get(`/v1/counters/per_kind/${path}`);
      t.is(status, 200, path);
      t.deepEqual([json.topic, json.value], [`per_kind:${scope}`, 1], path);
    }
  }
  t.is((await get('/v1/counters/things/')).json.topic, 'things', 'nothing behind the slash');
});

test('a number beyond 2^53 arrives to its last digit', async (t) => {
  const { get, database } = await httpServer(t);
  await database.sql('insert into public.things (amount) values (9007199254740993)');
  t.regex((await get('/v1/counters/amounts')).text, /"value":9007199254740993,/);
});

test('HEAD says all that GET says, but the body', async (t) => {
  const { url, get } = await httpServer(t);
  for (const path of ['/v1/counters/things', '/v1/topics?topic=things', '/health', '/v1/nothing']) {
    const full = await get(path);
    const head = await fetch(url + path, { method: 'HEAD' });
    t.is(head.status, full.status, path);
    t.is(await head.text(), '');
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control']) {
      t.is(head.headers.get(name), full.headers.get(name), `${path} ${name}`);
    }
  }
});

test('what the client has already is answered by 304 with no body, in each way of asking', async (t) => {
  const { get, database } = await httpServer(t);
  for (const path of ['/v1/counters/things', '/v1/topics?topic=things&topic=amounts']) {
    // A fold gives what was pending its version, and so the answer another tag.
    await until(async () => (await database.sql('select from tally.deltas')).length === 0);
    const etag = (await get(path)).headers.get('etag') ?? '';
    t.regex(etag, /^"[^"]+"$/);
    for (const asked of [etag, `W/${etag}`, `"x", ${etag}`, `"x",W/${etag} , "y"`, '*', ' * ']) {
      const { status, text, headers } = await get(path, { 'If-None-Match': asked });
      t.is(status, 304, asked);
      t.is(text, '');
      t.is(headers.get('etag'), etag);
      t.is(headers.get('content-type'), null);
    }
    for (const asked of ['"x"', 'x', etag.slice(1, -1), '']) {
      t.is((await get(path, { 'If-None-Match': asked })).status, 200, asked);
    }
    await database.sql('insert into public.things default values');
    const changed = await get(path, { 'If-None-Match': etag });
    t.is(changed.status, 200, 'a change counts at once, before any pulse');
    t.not(changed.headers.get('etag'), etag);
  }
});

test('several topics are read together, each once, in the order asked for', async (t) => {
  const { get, database } = await httpServer(t);
  await database.sql(`insert into public.things (kind) values ('a'), ('b'), ('a')`);
  const path =
    '/v1/topics?topic=per_kind:a&topic=things&topic=per_kind:b&topic=things&topic=things:';
  const { status, json } = await get(path);
  t.is(status, 200);
  const topics = json.topics as { topic: string; value: number }[];
  t.deepEqual(
    topics.map(({ topic, value }) => [topic, value]),
    [
      ['per_kind:a', 2],
      ['things', 3],
      ['per_kind:b', 1],
    ],
  );
});

test('who may keep an answer follows the audience', async (t) => {
  const { get } = await httpServer(t);
  const open = await get('/v1/counters/things');
  t.is(open.headers.get('cache-control'), 'public, no-cache');
  t.is(open.headers.get('vary'), null);
  const authorization = `Bearer ${await token({ sub: 'a', roles: ['team'] })}`;
  const closed = await get('/v1/counters/team_things', { authorization });
  t.is(closed.headers.get('cache-control'), 'private, no-cache');
  t.is(closed.headers.get('vary'), 'Authorization, Cookie');
  const both = await get('/v1/topics?topic=things&topic=team_things', { authorization });
  t.is(both.headers.get('cache-control'), 'private, no-cache');
});

test('an unknown name, a private counter and the wrong kind are all not there', async (t) => {
  const { get } = await httpServer(t);
  const authorization = `Bearer ${await token({ sub: 'a', roles: ['admin', 'team'] })}`;
  for (const path of [
    '/v1/counters/nothing',
    '/v1/counters/nothing/x',
    '/v1/counters/hidden',
    '/v1/summaries/things',
    '/v1/topics?topic=things&topic=hidden',
  ]) {
    const { status, json } = await get(path, { authorization });
    t.is(status, 404, path);
    t.is(json.type, '/problems/unknown-topic');
    t.regex(String(json.detail), /There is no topic (nothing|hidden|things)/);
  }
});

test('a number that is not known is not shown: filling, broken and beyond bigint say so', async (t) => {
  const { get, database } = await httpServer(t, { TALLY_IDLE_MS: '3600000' });
  await database.sql('insert into public.things (amount) values (9223372036854775807), (1)');
  const overflow = await get('/v1/counters/amounts');
  t.is(overflow.status, 503);
  t.is(overflow.json.type, '/problems/counter-overflow');
  t.is((await get('/v1/counters/things')).status, 200, 'and nobody else is concerned');
  const together = await get('/v1/topics?topic=things&topic=amounts');
  t.is(together.status, 503);
  t.deepEqual(together.json.topics, ['amounts']);

  // A fill that goes on for as long as this session holds the lock.
  const holder = await database.client();
  await holder.query('select pg_advisory_lock(42)');
  await database.sql(`create function public.slowly(int) returns boolean language plpgsql immutable as
    'begin perform pg_advisory_lock_shared(42), pg_advisory_unlock_shared(42); return true; end'`);
  await database.sql('create table public.slow (id int)');
  await database.sql('insert into public.slow values (1)');
  await database.sql(
    `select tally.create_counter('slow', 'public.slow', 'public.slowly(id)', audience => 'public')`,
  );
  const filling = await get('/v1/counters/slow');
  t.is(filling.status, 503);
  t.is(filling.json.type, '/problems/counter-filling');
  t.is(filling.headers.get('retry-after'), '1');
  await holder.query('select pg_advisory_unlock(42)');
  await until(async () => (await get('/v1/counters/slow')).status === 200, { what: 'the fill' });

  await database.sql('drop function public.slowly(int) cascade');
  await database.sql('insert into public.slow values (2)');
  await until(
    async () => (await get('/v1/counters/slow')).json.type === '/problems/counter-broken',
    { what: 'the counter to be known as broken' },
  );
});
