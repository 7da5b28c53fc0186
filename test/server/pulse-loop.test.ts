import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { type Running, runPulse } from '../../src/live/pulse.js';
import { engineDatabase } from '../helpers/cluster.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { debian15 } from '../helpers/debian.js';
import { privateEmbedded } from '../helpers/embedded.js';
import { until } from '../helpers/wait.js';

/** So long that nothing in these tests can be owed to it. */
const NEVER_MS = 600_000;

type Change = [name: string, scope: string, value: number];

async function counted(t: ExecutionContext): Promise<TestDatabase> {
  const database = await testDatabase(t);
  await database.sql('create table public.visits (id bigint generated always as identity)');
  await database.sql(`select tally.create_counter('visits', 'public.visits')`);
  return database;
}

async function pulsing(
  t: ExecutionContext,
  database: TestDatabase,
  options: { tickMs?: number; idleMs?: number } = {},
): Promise<Running> {
  const running = runPulse({
    url: database.url,
    tickMs: options.tickMs ?? 25,
    idleMs: options.idleMs ?? NEVER_MS,
    log: (line) => t.log(line),
  });
  t.teardown(() => running.stop());
  return running;
}

/** Whether a session asks writers to ring. */
async function isAsleep(database: TestDatabase): Promise<boolean> {
  return (await holdersOf(database, 3)) > 0;
}

async function holdersOf(database: TestDatabase, lock: number): Promise<number> {
  const rows = await database.sql<{ n: string }>(
    `select count(*) as n from pg_locks l join pg_database d on d.oid = l.database
     where l.locktype = 'advisory' and l.classid = 1952541804 and l.objid = $1 and l.granted
       and l.mode = 'ExclusiveLock' and d.datname = current_database()`,
    [lock],
  );
  return Number(rows[0]?.n);
}

async function heard(client: pg.Client): Promise<Change[]> {
  const changes: Change[] = [];
  client.on('notification', ({ payload }) => {
    const { changes: part } = JSON.parse(payload ?? '{}') as { changes: Change[] };
    changes.push(...part);
  });
  await client.query('listen tally');
  return changes;
}

test('asleep, a commit is announced at once: no beat is waited for', async (t) => {
  const database = await counted(t);
  const changes = await heard(await database.client());
  await pulsing(t, database);
  await until(() => isAsleep(database));
  await database.sql('insert into public.visits default values');
  await until(() => changes.length > 0);
  t.deepEqual(changes, [['visits', '', 1]]);
});

test('many writers wake it, it falls asleep again after them, and the last number is told', async (t) => {
  const database = await counted(t);
  const changes = await heard(await database.client());
  await pulsing(t, database);
  await until(() => isAsleep(database));
  let wasAwake = false;
  let writing = true;
  const writers = Array.from({ length: 8 }, async () => {
    const client = await database.client();
    for (let i = 0; i < 20_000 && writing; i += 1) {
      await client.query('insert into public.visits default values');
    }
  });
  await until(async () => !(await isAsleep(database)), { deadlineMs: 20_000 });
  wasAwake = true;
  writing = false;
  await Promise.all(writers);
  await until(() => isAsleep(database));
  const [row] = await database.sql<{ n: string }>('select count(*) as n from public.visits');
  await until(() => changes.at(-1)?.[2] === Number(row?.n));
  t.true(wasAwake);
});

test('a writer that saw it awake and commits after it fell asleep is announced all the same', async (t) => {
  const database = await counted(t);
  const changes = await heard(await database.client());
  const late = await database.client();
  await late.query('begin');
  // Nobody asks for rings yet, as while it is awake: this transaction will not ring.
  await late.query('insert into public.visits default values');
  await pulsing(t, database, { idleMs: 300 });
  await until(() => isAsleep(database));
  await late.query('commit');
  await until(() => changes.length > 0);
  t.deepEqual(changes, [['visits', '', 1]]);
});

test('of two, one pulses; when its session is ended the other takes over', async (t) => {
  const database = await counted(t);
  const changes = await heard(await database.client());
  await pulsing(t, database, { idleMs: 200 });
  await pulsing(t, database, { idleMs: 200 });
  await until(() => isAsleep(database));
  t.is(await holdersOf(database, 4), 1);
  await database.sql(
    `select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database
     where l.locktype = 'advisory' and l.classid = 1952541804 and l.objid = 4 and l.granted
       and d.datname = current_database()`,
  );
  await database.sql('insert into public.visits default values');
  await until(() => changes.length > 0);
  t.deepEqual(changes, [['visits', '', 1]]);
  await until(async () => (await holdersOf(database, 4)) === 1);
});

test('with the doorbell off it beats by its own clock, and no writer notifies', async (t) => {
  const database = await counted(t);
  await database.sql('update tally.settings set doorbell = false');
  const changes = await heard(await database.client());
  await pulsing(t, database, { tickMs: 10 });
  await until(async () => (await holdersOf(database, 4)) === 1);
  await database.sql('insert into public.visits default values');
  await until(() => changes.length > 0);
  t.false(await isAsleep(database));
});

test('the doorbell turned off while it sleeps: PREPARE TRANSACTION works at once, and it beats on', async (t) => {
  const database = await counted(t);
  const changes = await heard(await database.client());
  await pulsing(t, database, { tickMs: 10, idleMs: 200 });
  await until(() => isAsleep(database));
  await database.sql('update tally.settings set doorbell = false');
  const writer = await database.client();
  await writer.query('begin');
  await writer.query('insert into public.visits default values');
  const gid = `visits_${database.name}`;
  await writer.query(`prepare transaction '${gid}'`);
  await until(async () => !(await isAsleep(database)));
  await writer.query(`commit prepared '${gid}'`);
  await until(() => changes.length > 0);
  t.deepEqual(changes, [['visits', '', 1]]);
});

test('it fills a counter that was created over rows, without being asked', async (t) => {
  const database = await testDatabase(t);
  await database.sql('create table public.old (id int)');
  await database.sql('insert into public.old select generate_series(1, 1000)');
  await pulsing(t, database, { idleMs: 100 });
  await database.sql(`select tally.create_counter('old', 'public.old')`);
  await until(async () => {
    const rows = await database.sql<{ value: string }>(
      `select value from tally.counters where name = 'old'`,
    );
    return rows[0]?.value === '1000';
  });
  t.pass();
});

test('a row expires on time, however seldom a sleeping pulse beats', async (t) => {
  const database = await counted(t);
  await database.sql(`create table public.offers (id int, state text, ends_at timestamptz,
      ended_at timestamptz);
    select tally.create_expiry('offers', 'public.offers', 'ends_at', $$state = 'open'$$,
                               $$state = 'over', ended_at = clock_timestamp()$$)`);
  await pulsing(t, database);
  await until(async () => (await holdersOf(database, 12)) > 0, { what: 'work that sleeps' });
  // Beyond the two seconds within which the writer rings.
  await database.sql(`insert into public.offers
    values (1, 'open', clock_timestamp() + interval '2500 ms')`);
  await until(
    async () => (await database.sql(`select from public.offers where state = 'over'`)).length > 0,
  );
  const [late] = await database.sql<{ ms: string }>(
    `select extract(epoch from ended_at - ends_at) * 1000 as ms from public.offers`,
  );
  // Looked for by nobody's clock, it would be found by the round of every ten seconds.
  t.true(Number(late?.ms) < 5000, `${late?.ms} ms late`);
});

test.serial('rows expire on time while documents are due all the time', async (t) => {
  const database = await counted(t);
  await database.sql(`create table public.offers (id int, state text, ends_at timestamptz,
      ended_at timestamptz);
    select tally.create_expiry('offers', 'public.offers', 'ends_at', $$state = 'open'$$,
                               $$state = 'over', ended_at = clock_timestamp()$$);
    create function public.visits(scope text) returns jsonb language sql stable as
      $$ select to_jsonb(count(*)) from public.visits $$;
    select tally.create_summary('shown', 'public.visits', settle => '20 milliseconds');
    select tally.watch('shown', 'public.visits')`);
  await pulsing(t, database);
  const writing = new AbortController();
  const writer = (async () => {
    while (!writing.signal.aborted) {
      await database.sql('insert into public.visits default values');
      await pause(5);
    }
  })();
  t.teardown(() => writing.abort());
  for (let id = 1; id <= 15; id += 1) {
    // One within the two seconds in which the writer rings, and now and then one beyond.
    await database.sql(
      `insert into public.offers values ($1, 'open', clock_timestamp() + $2::interval)`,
      [id, id % 4 === 0 ? '2300 milliseconds' : '50 milliseconds'],
    );
    await pause(430);
  }
  await until(
    async () => (await database.sql(`select from public.offers where state = 'open'`)).length === 0,
  );
  writing.abort();
  await writer;
  // Half of them: a machine that runs all tests may take its time for one.
  const [late] = await database.sql<{ ms: number }>(
    `select percentile_cont(0.5) within group (order by extract(epoch from ended_at - ends_at))
       * 1000 as ms from public.offers`,
  );
  t.true((late?.ms ?? Number.NaN) < 250, `${late?.ms} ms late`);
  t.log(`${late?.ms} ms late`);
});

test('while somebody keeps a document that is due, whoever marks another one rings', async (t) => {
  const database = await counted(t);
  await database.sql(`create function public.shown(scope text) returns jsonb language sql stable as
      $$ select to_jsonb(count(*)) from public.visits $$;
    select tally.create_summary('shown', 'public.shown', settle => '0');
    select tally.watch('shown', 'public.visits')`);
  const holder = await database.client();
  await holder.query('begin');
  await holder.query(`select tally.refresh('shown', '')`);
  await pulsing(t, database);
  await database.sql('insert into public.visits default values');
  await until(async () => (await database.sql('select from tally.due')).length > 0);
  await until(async () => (await holdersOf(database, 12)) > 0, { what: 'the ringing asked for' });
  await holder.query('commit');
  await until(async () => (await database.sql('select from tally.due')).length === 0);
  t.pass();
});

for (const version of ['15', '18'] as const) {
  test(`where no row falls due, and none ever will, work goes on on one session (${version})`, async (t) => {
    const server = version === '15' ? await debian15(t) : await privateEmbedded(t);
    if (server === undefined) return;
    const { url, sql } = await engineDatabase(t, server.url);
    const lines: string[] = [];
    const running = runPulse({ url, tickMs: 25, idleMs: 200, log: (line) => lines.push(line) });
    t.teardown(() => running.stop());
    const pids = () =>
      sql(`select pid from pg_stat_activity where application_name = 'pgtally-work' order by pid`);
    await until(async () => (await pids()).length === 2);
    const before = await pids();
    await sql(`create table public.offers (state text, due timestamptz);
      select tally.create_expiry('offers', 'public.offers', 'due', $$state = 'open'$$,
        $$state = 'expired'$$);
      insert into public.offers values ('open', 'infinity'), ('open', null)`);
    await pause(2500);
    const now = (await pids()).map(({ pid }) => pid);
    // Where the machine stood still another one may stand beside them.
    t.true(
      before.every(({ pid }) => now.includes(pid)),
      `${now}`,
    );
    t.deepEqual(lines, []);
  });
}

test('stopped, it leaves no session and no lock behind', async (t) => {
  const database = await counted(t);
  const running = await pulsing(t, database);
  await until(() => isAsleep(database));
  await running.stop();
  await until(async () => (await holdersOf(database, 3)) + (await holdersOf(database, 4)) === 0);
  t.pass();
});
