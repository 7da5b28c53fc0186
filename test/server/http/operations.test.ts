import test from 'ava';
import { withClient } from '../../../src/database.js';
import type { Readiness } from '../../../src/http/readiness.js';
import { serverUrl } from '../../helpers/database.js';
import { httpServer } from '../../helpers/http.js';
import { token } from '../../helpers/tokens.js';
import { until } from '../../helpers/wait.js';

const readiness = (json: unknown) => json as Readiness;

test('/health says that the process lives, and nothing of the database', async (t) => {
  const { get } = await httpServer(t);
  const { status, json, headers } = await get('/health');
  t.is(status, 200);
  t.is(json.status, 'ok');
  t.regex(String(json.version), /^\d+\.\d+\.\d+$/);
  t.is(headers.get('cache-control'), 'no-store');
});

test('/ready names each check, with how changes arrive and how late they are', async (t) => {
  const { get } = await httpServer(t);
  const all = await until(async () => {
    const { json } = await get('/ready');
    const { checks } = readiness(json);
    return checks.listener.state === 'listening' && checks.pulse.state === 'asleep' && json;
  });
  const { ready, checks } = readiness(all);
  t.true(ready);
  t.deepEqual(Object.keys(checks), ['process', 'database', 'migrations', 'listener', 'pulse']);
  for (const check of Object.values(checks)) t.is(check.status, 'ok');
  t.is(checks.pulse.behind, 0);
});

test('a database that is away makes it unready, and ready again when it is back', async (t) => {
  const { get, database } = await httpServer(t);
  const cut = (allow: boolean) =>
    withClient(serverUrl(), 'pgtally test', async (client) => {
      await client.query(`alter database ${database.name} allow_connections ${allow}`);
      if (allow) return;
      const text = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1';
      await client.query(text, [database.name]);
    });
  await cut(false);
  t.teardown(() => cut(true).catch(() => undefined));
  const away = await until(async () => {
    const answer = await get('/ready');
    return answer.status === 503 && answer;
  });
  const { ready, checks } = readiness(away.json);
  t.false(ready);
  t.deepEqual(checks.database, { status: 'fail', detail: 'does not answer' });
  t.is((await get('/health')).status, 200);
  await cut(true);
  await until(async () => (await get('/ready')).status === 200, { what: 'readiness' });
});

test('an engine that is gone makes it unready, another release is only said', async (t) => {
  const { get, database } = await httpServer(t);
  const check = async () => {
    const { status, json } = await get('/ready');
    return { status, migrations: readiness(json).checks.migrations };
  };
  await database.sql(`create or replace function tally.version() returns text
    language sql immutable set search_path = pg_catalog as $$ select '99.0.0' $$`);
  const other = await until(async () => {
    const now = await check();
    // At first it may not be ready for another reason: that nobody has been asked yet, say.
    return now.migrations.status === 'warn' && now.status === 200 && now;
  });
  t.regex(other.migrations.detail, /^the engine is of release 99\.0\.0, this server of /);
  await database.sql('drop function tally.version() cascade');
  const gone = await until(async () => {
    const now = await check();
    return now.status === 503 && now;
  });
  t.is(gone.migrations.status, 'fail');
  t.regex(gone.migrations.detail, /pgtally migrate/);
});

test('the pages of the admin are for the admin, and count what was read', async (t) => {
  const { get } = await httpServer(t);
  const admin = { authorization: `Bearer ${await token({ sub: '1', roles: ['admin'] })}` };
  const other = { authorization: `Bearer ${await token({ sub: '2', roles: ['team'] })}` };
  for (const path of ['/api/admin/cache-stats', '/api/admin/db-pool-stats']) {
    t.is((await get(path)).status, 401, path);
    t.is((await get(path, other)).status, 403);
    t.is((await get(path, admin)).status, 200);
  }
  const etag = (await get('/v1/counters/things')).headers.get('etag') ?? '';
  await get('/v1/counters/things', { 'If-None-Match': etag });
  await get('/v1/topics?topic=things&topic=amounts');
  const { json } = await get('/api/admin/cache-stats', admin);
  t.like(json, { reads: 3, topics: 4, failed: 0, notModified: 1 });
  const pool = (await get('/api/admin/db-pool-stats', admin)).json;
  t.like(pool, { size: 4, waiting: 0 });
});

test('the statistics of reads say how old the documents of each summary are', async (t) => {
  const { get, database } = await httpServer(t);
  const admin = { authorization: `Bearer ${await token({ sub: '1', roles: ['admin'] })}` };
  const { sql } = database;
  await sql(`create function public.document(scope text) returns jsonb
    language sql as $$ select to_jsonb(scope) $$`);
  await sql(`select tally.create_summary('some', 'public.document')`);
  await sql(`select tally.create_summary('none', 'public.document')`);
  await sql(`select tally.warm('some', array['a', 'b', 'c', 'd'])`);
  await sql(`update tally.documents set built_at = built_at - interval '1 second'
    * (array[3000, 200, 100, 0])[ascii(scope) - ascii('a') + 1]`);
  const { status, json } = await get('/api/admin/cache-stats', admin);
  t.is(status, 200);
  type Ages = Record<'newestSeconds' | 'medianSeconds' | 'oldestSeconds', number>;
  const [none, some] = json.ages as [Ages, Ages];
  t.deepEqual(none as unknown, {
    ...{ summary: 'none', documents: 0 },
    ...{ newestSeconds: null, medianSeconds: null, oldestSeconds: null },
  });
  t.like(some, { summary: 'some', documents: 4 });
  t.true(some.newestSeconds >= 0 && some.newestSeconds < 100, String(some.newestSeconds));
  t.true(some.medianSeconds >= 150 && some.medianSeconds < 250, String(some.medianSeconds));
  t.true(some.oldestSeconds >= 3000 && some.oldestSeconds < 3100, String(some.oldestSeconds));
});

test('/metrics can be turned off', async (t) => {
  const { get } = await httpServer(t, { TALLY_METRICS: 'off' });
  t.is((await get('/metrics')).status, 404);
});
