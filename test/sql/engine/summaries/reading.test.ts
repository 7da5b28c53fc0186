import test from 'ava';
import type { TestDatabase } from '../../../helpers/database.js';
import { failure, type Sql, sqlOf } from '../../../helpers/engine.js';
import { until } from '../../../helpers/wait.js';
import { DIFFERENCES, document, league, work } from './league.js';

const insert = (into: string, player = 'x') =>
  `insert into app.scores (league, player, points) values ('${into}', '${player}', 1)`;

async function body(sql: Sql, name: string, scope = ''): Promise<unknown> {
  const [row] = await sql<{ body: unknown }>('select tally.read_summary($1, $2) as body', [
    name,
    scope,
  ]);
  return row?.body;
}

/** Counts its calls, one id of a sequence each, and stops while somebody holds the lock 4712. */
const COUNTED = `create sequence app.calls_made;
  create function app.counted(scope text) returns jsonb language plpgsql stable as $$
  begin
    perform pg_advisory_xact_lock_shared(4712);
    if scope = 'fails' then raise exception 'no such thing'; end if;
    if scope = 'none' then return null; end if;
    return jsonb_build_object('rows', (select count(*) from app.scores), 'at', clock_timestamp());
  end $$;
  alter function app.counted(text) set lock_timeout = 0;`;

async function counted(
  t: Parameters<typeof league>[0],
  maxAge: string | null,
): Promise<TestDatabase> {
  const db = await league(t);
  await db.sql(COUNTED);
  await db.sql(`select tally.create_summary('counted', 'app.counted', max_age => $1)`, [maxAge]);
  return db;
}

const waiters = async (db: TestDatabase, lock: number) =>
  (
    await db.sql(
      `select from pg_locks l join pg_stat_activity a on a.pid = l.pid
       where l.locktype = 'advisory' and not l.granted and a.datname = current_database()
         and ($1 = 0 or l.objid = $1)`,
      [lock],
    )
  ).length;

/** Who waits for another one's build looks now and then whether it is there. */
const sleepers = async (db: TestDatabase) =>
  (
    await db.sql(`select from pg_stat_activity
      where wait_event = 'PgSleep' and datname = current_database()`)
  ).length;

test('a document that is missing is built when it is read, and not again', async (t) => {
  const db = await counted(t, null);
  const first = await body(db.sql, 'counted');
  t.deepEqual(await body(db.sql, 'counted'), first);
  t.deepEqual((await document(db.sql, 'counted'))?.body, first);
  t.is(await body(db.sql, 'counted', 'none'), null);
  t.is(await document(db.sql, 'counted', 'none'), undefined);
  t.deepEqual(await db.sql(`select from tally.documents where scope = 'none'`), []);
});

test('a document is read as the text that it is, too, built where it is missing', async (t) => {
  const db = await counted(t, null);
  const [row] = await db.sql<{ text: string }>(`select tally.summary_text('counted', '') as text`);
  t.deepEqual(
    await db.sql(`select tally.read_summary('counted')::text as text, body::text as kept
      from tally.summaries`),
    [{ text: row?.text, kept: row?.text }],
  );
  t.deepEqual(await db.sql(`select tally.summary_text('counted', 'none') as text`), [
    { text: null },
  ]);
});

test('a document older than max_age is built before it is returned', async (t) => {
  const db = await counted(t, '1 hour');
  const first = await body(db.sql, 'counted');
  t.deepEqual(await body(db.sql, 'counted'), first);
  await db.sql(`update tally.documents set built_at = now() - interval '61 minutes'`);
  const second = await body(db.sql, 'counted');
  t.notDeepEqual(second, first);
  t.deepEqual(await body(db.sql, 'counted'), second);
});

test('many readers of a missing document cause one build, and wait for it', async (t) => {
  const db = await counted(t, null);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4712)');
  const readers = await Promise.all(
    Array.from({ length: 8 }, async () => sqlOf(await db.client())),
  );
  const bodies = readers.map((reader) => body(reader, 'counted'));
  await until(async () => (await waiters(db, 4712)) + (await sleepers(db)) === 8);
  t.is(await waiters(db, 4712), 1);
  await gate('select pg_advisory_unlock(4712)');
  const read = await Promise.all(bodies);
  for (const one of read) t.deepEqual(one, read[0]);
  t.truthy(read[0]);
});

test('two transactions that read missing documents in opposite order never wait for each other', async (t) => {
  const db = await counted(t, null);
  const one = sqlOf(await db.client());
  const two = sqlOf(await db.client());
  await one('begin');
  await two('begin');
  const first = await Promise.all([body(one, 'counted', 'a'), body(two, 'counted', 'b')]);
  const second = await Promise.all([body(one, 'counted', 'b'), body(two, 'counted', 'a')]);
  t.is(new Set([...first, ...second].map((read) => JSON.stringify(read))).size, 4);
  t.deepEqual(await body(one, 'counted', 'a'), first[0]);
  await one('commit');
  await two('commit');
  t.deepEqual((await document(db.sql, 'counted', 'a'))?.body, first[0]);
  t.deepEqual((await document(db.sql, 'counted', 'b'))?.body, first[1]);
});

test('a server waits for the transaction that has built a document, for it cannot keep its own', async (t) => {
  const db = await counted(t, null);
  const reader = sqlOf(await db.client());
  await reader('begin');
  const read = await body(reader, 'counted');
  const server = sqlOf(await db.client('patient'));
  const built = server(`select tally.build_topic('counted', '') as outcome`);
  await until(
    async () =>
      (
        await db.sql(`select from pg_stat_activity where application_name = 'patient'
          and datname = current_database() and state = 'active'
          and query_start < clock_timestamp() - interval '3 seconds'`)
      ).length > 0,
  );
  await reader('commit');
  t.deepEqual(await built, [{ outcome: 'fresh' }]);
  t.deepEqual(await body(db.sql, 'counted'), read);
});

test('while one builds a document that is too old, the others get the last one at once', async (t) => {
  const db = await counted(t, '1 hour');
  const last = await body(db.sql, 'counted');
  await db.sql(`update tally.documents set built_at = now() - interval '61 minutes'`);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4712)');
  const builder = sqlOf(await db.client());
  const built = body(builder, 'counted');
  await until(async () => (await waiters(db, 4712)) === 1);
  t.deepEqual(await body(db.sql, 'counted'), last);
  await gate('select pg_advisory_unlock(4712)');
  t.notDeepEqual(await built, last);
});

test('a builder that fails is an error where there is no document, and else the last one is returned', async (t) => {
  const db = await counted(t, '1 hour');
  const error = await failure(body(db.sql, 'counted', 'fails'));
  t.is(error.code, 'TL021');
  t.regex(error.message, /scope "fails": no such thing/);
  t.regex(error.hint ?? '', /app\.counted/);
  const last = await body(db.sql, 'counted');
  await db.sql(`update tally.documents set built_at = now() - interval '61 minutes';
    alter table app.scores rename to scores_gone`);
  t.deepEqual(await body(db.sql, 'counted'), last);
  t.regex((await document(db.sql, 'counted'))?.error ?? '', /app\.scores/);
  await db.sql('update tally.documents set attempts = 9');
  await db.sql('alter table app.scores_gone rename to scores');
  t.deepEqual(await body(db.sql, 'counted'), last, 'it failed a moment ago');
  await db.sql(`update tally.documents set tried_at = now() - interval '10 minutes'`);
  t.notDeepEqual(await body(db.sql, 'counted'), last);
});

test('a reader whose time is up ends, and the work builds what he asked for', async (t) => {
  const db = await counted(t, null);
  await work(db.sql);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4712)');
  const reader = sqlOf(await db.client());
  await reader(`set statement_timeout = '3s'`);
  t.is((await failure(body(reader, 'counted'))).code, '57014');
  t.deepEqual(await reader(`select tally.build_topic('counted', '')`), [
    { build_topic: 'canceled' },
  ]);
  await gate('select pg_advisory_unlock(4712)');
  t.is(await work(db.sql), 1);
  t.truthy((await document(db.sql, 'counted'))?.body);
});

test('what the work has taken over from a reader is filling until it is there, or there is none', async (t) => {
  const db = await counted(t, null);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4712)');
  const reader = sqlOf(await db.client());
  await reader(`set statement_timeout = '3s'`);
  for (const scope of ['none', 'some']) {
    t.deepEqual(await reader(`select tally.build_topic('counted', '${scope}') as outcome`), [
      { outcome: 'canceled' },
    ]);
  }
  const states = () =>
    db.sql(`select state, json ~ 'rows' as has_body, version > 0 as is_announced
      from tally.read_topics('{counted, counted}', '{none, some}') order by pos`);
  const filling = { state: 'filling', has_body: null, is_announced: false };
  t.deepEqual(await states(), [filling, filling]);
  await gate('select pg_advisory_unlock(4712)');
  t.is(await work(db.sql), 3);
  const ready = { state: 'ready', is_announced: true };
  t.deepEqual(await states(), [
    { ...ready, has_body: false },
    { ...ready, has_body: true },
  ]);
});

test('that there is no document is kept where it took long to find out', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.nothing(scope text) returns jsonb language plpgsql stable as
      $$ begin perform pg_sleep(0.3); return null; end $$;
    select tally.create_summary('nothing', 'app.nothing', max_age => '1 hour', settle => '0')`);
  const build = () => db.sql(`select tally.build_topic('nothing', 'a') as outcome`);
  t.deepEqual(await build(), [{ outcome: 'none' }]);
  t.deepEqual(await build(), [{ outcome: 'fresh' }]);
  await db.sql(`update tally.documents set built_at = now() - interval '1 hour'`);
  t.deepEqual(await build(), [{ outcome: 'none' }]);
  // Not by itself: it never was.
  t.deepEqual(await db.sql('select next_at from tally.documents'), [{ next_at: null }]);
  await db.sql(`update tally.documents set tried_at = now() - interval '25 hours'`);
  await db.sql('select tally.prune_builds()');
  t.deepEqual(await db.sql('select from tally.documents'), []);
});

test('where nothing can be written a document is built and not kept', async (t) => {
  const db = await counted(t, '1 hour');
  const session = sqlOf(await db.client());
  for (const mode of [
    'read only',
    'isolation level repeatable read',
    'isolation level serializable',
  ]) {
    await session(`begin ${mode}`);
    t.like(await body(session, 'counted'), { rows: 0 });
    await session('commit');
    t.is(await document(db.sql, 'counted'), undefined, mode);
  }
  const kept = await body(db.sql, 'counted');
  await session('begin read only');
  t.deepEqual(await body(session, 'counted'), kept);
  await session('commit');
});

test('a builder may read other summaries, which are built for it', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.home(scope text) returns jsonb language sql volatile as $$
      select jsonb_build_object('board', tally.read_summary('board', scope),
                                'totals', tally.read_summary('totals')) $$;
    select tally.create_summary('home', 'app.home')`);
  await db.sql(insert('a'));
  t.deepEqual(await body(db.sql, 'home', 'a'), {
    board: [['x', 1]],
    totals: { players: 1, points: 1 },
  });
});

test('refresh builds one document, those of a summary, or all', async (t) => {
  const db = await league(t);
  await db.sql(`insert into app.scores (league, player, points) select 'l' || i, 'x', i
    from generate_series(1, 20) i`);
  await work(db.sql);
  await db.sql('alter table app.scores disable trigger user');
  await db.sql('update app.scores set points = points + 1');
  await db.sql('alter table app.scores enable trigger user');
  const refresh = async (args: string) =>
    (await db.sql<{ n: number }>(`select tally.refresh(${args}) as n`))[0]?.n;
  t.is(await refresh(`'board', 'l1'`), 1);
  t.is((await db.sql(DIFFERENCES)).length, 20);
  t.is(await refresh(`'board'`), 20);
  t.is((await db.sql(DIFFERENCES)).length, 1);
  t.is(await refresh(''), 21);
  t.deepEqual(await db.sql(DIFFERENCES), []);
});

test('a refresh of all goes on behind a document that fails, and names it in a warning', async (t) => {
  const db = await counted(t, null);
  await db.sql(`select tally.warm('counted', '{a,fails,z}')`);
  t.deepEqual(
    (
      await db.sql<{ scope: string }>(
        `select scope from tally.summaries where body is not null order by 1`,
      )
    ).map(({ scope }) => scope),
    ['a', 'z'],
  );
  const client = await db.client();
  const warnings: string[] = [];
  client.on('notice', ({ message }) => warnings.push(message ?? ''));
  const { rows } = await client.query<{ n: number }>(`select tally.refresh('counted') as n`);
  t.is(rows[0]?.n, 2);
  t.deepEqual(warnings, ['summary "counted" could not be built for scope "fails": no such thing']);
  t.is((await failure(db.sql(`select tally.refresh('counted', 'fails')`))).code, 'TL021');
});

test('warm builds what is missing, and leaves alone what is there', async (t) => {
  const db = await league(t);
  await db.sql(`${insert('a')}; ${insert('b')}`);
  const warm = async (scopes: string[]) =>
    (await db.sql<{ n: number }>(`select tally.warm('board', $1) as n`, [scopes]))[0]?.n;
  t.is(await warm(['a', 'nobody']), 1);
  const before = await document(db.sql, 'board', 'a');
  t.is(await warm(['a', 'b', 'b']), 1);
  t.deepEqual(await document(db.sql, 'board', 'a'), before);
});

test('ten thousand documents are warmed and refreshed in one transaction each', async (t) => {
  const db = await league(t);
  await db.sql(`insert into app.scores (league, player, points) select i::text, 'x', i
    from generate_series(1, 10000) i; create index on app.scores (league); analyze app.scores`);
  const warmed = await db.sql(
    `select tally.warm('board', array(select distinct league from app.scores)) n`,
  );
  t.deepEqual(warmed, [{ n: 10_000 }]);
  t.deepEqual(await db.sql(`select tally.refresh('board') n`), [{ n: 10_000 }]);
});

test('drop, refresh and create wait for a build under way no longer than attach_wait', async (t) => {
  const db = await counted(t, null);
  await db.sql(`update tally.settings set attach_wait = '100 ms'`);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4712)');
  const reader = sqlOf(await db.client('slow reader'));
  const reading = body(reader, 'counted');
  await until(async () => (await waiters(db, 4712)) === 1);
  for (const statement of [
    `select tally.drop_summary('counted')`,
    `select tally.refresh('counted')`,
    `select tally.warm('counted', '{a}')`,
  ]) {
    const error = await failure(db.sql(statement), statement);
    t.is(error.code, 'TL023', statement);
    t.regex(error.detail ?? '', /Held by pid \d+ \(slow reader/);
  }
  await gate('select pg_advisory_unlock(4712)');
  t.truthy(await reading);
  await db.sql(`select tally.drop_summary('counted')`);
  t.is((await failure(body(db.sql, 'counted'))).code, 'TL018');
});
