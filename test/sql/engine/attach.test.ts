import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, isExact, numberOf, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';
import { startWriters } from '../../helpers/writers.js';

const CREATE = `select tally.create_counter('rows', 'public.t')`;

async function table(db: TestDatabase, rows = 1000): Promise<void> {
  await db.sql('create table public.t (id int generated always as identity, k int)');
  await db.sql('insert into public.t (k) select i % 10 from generate_series(1, $1::int) i', [rows]);
}

/** The session stands in the queue for a lock on the source, or between two tries for it. */
async function isTrying(db: TestDatabase, application: string): Promise<void> {
  await until(
    async () =>
      (
        await db.sql(
          `select from pg_stat_activity where application_name = $1 and state = 'active'
           and (wait_event_type = 'Lock' or wait_event = 'PgSleep')`,
          [application],
        )
      ).length > 0,
    { what: `${application} trying for the lock` },
  );
}

test('writers that began before the counter and end after it are counted', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const early = await db.client('early');
  await early.query('begin; insert into public.t (k) values (1), (2)');
  const late = await db.client('late');
  await late.query(
    'begin; create table public.other (id int); insert into public.other values (1)',
  );
  const dba = await db.client('dba');
  const created = dba.query(CREATE);
  await isTrying(db, 'dba');
  await early.query('insert into public.t (k) values (3)');
  await early.query('commit');
  await created;
  t.is(await numberOf(db.sql, 'rows'), undefined, 'not shown before it is filled');

  await late.query('insert into public.t (k) values (4), (5)');
  await db.sql(`select tally.fill('rows')`);
  t.is(await numberOf(db.sql, 'rows'), 1003);
  t.is(await numberOf(sqlOf(late), 'rows'), 1005, 'its own writes, and they are not committed');
  await late.query('commit');
  t.is(await numberOf(db.sql, 'rows'), 1005);
  await isExact(t, db.sql);
});

test('a fill under writers with long transactions in flight is exact', async (t) => {
  const db = await testDatabase(t);
  await table(db, 20_000);
  // Each session has rows of its own, so that the application itself does not deadlock.
  const row = (number: number, session: number) => 1 + 4 * (number % 5000) + session;
  const writers = await startWriters(db, 4, async (sql, round, session) => {
    await sql('begin');
    for (let n = 0; n < 1 + ((round + session) % 20); n += 1) {
      await sql('insert into public.t (k) values ($1)', [session]);
      await sql('delete from public.t where id = $1', [row(round * 31 + n * 7, session)]);
      await sql('update public.t set k = k + 1 where id = $1', [row(round * 17, session)]);
    }
    await sql(round % 4 === 0 ? 'rollback' : 'commit');
  });
  for (const name of ['one', 'two', 'three']) {
    await db.sql(`select tally.create_counter($1, 'public.t', 'k < 8', 'k % 3', 'k')`, [name]);
    await db.sql('select tally.fill($1)', [name]);
    await db.sql('select tally.pulse()');
    t.deepEqual(await db.sql('select * from tally.verify($1)', [name]), []);
  }
  await writers.stop();
  await isExact(t, db.sql);
});

test.serial('while create_counter or drop_counter waits, all others go on', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const dba = await db.client('dba');
  for (const statement of [CREATE, `select tally.drop_counter('rows')`]) {
    const long = await db.client('long');
    await long.query('begin; insert into public.t (k) values (1)');
    const writers = await startWriters(db, 2, async (sql) => {
      await sql('insert into public.t (k) values (1)');
      await sql('select k from public.t limit 1');
    });
    const asked = dba.query(statement);
    await isTrying(db, 'dba');
    // Through many of its tries. Waiting for the lock itself, it would let nobody through.
    const tried = Date.now() + 1500;
    const enough = writers.statements() + 300;
    await until(() => Date.now() > tried && writers.statements() > enough, {
      what: 'writers going on',
    });
    await isTrying(db, 'dba');
    await long.query('commit');
    await asked;
    await writers.stop();
  }
  t.pass();
});

test.serial('a reader in a long transaction does not make others wait for a drop', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(CREATE);
  const long = await db.client('long');
  await long.query('begin; select * from public.t limit 1');
  const dba = await db.client('dba');
  const dropped = dba.query(`select tally.drop_counter('rows')`);
  await isTrying(db, 'dba');
  const others = await startWriters(db, 2, (sql) => sql('select k from public.t limit 1'));
  const tried = Date.now() + 1000;
  await until(() => Date.now() > tried && others.statements() > 200, { what: 'readers going on' });
  await isTrying(db, 'dba');
  await others.stop();
  await long.query('commit');
  await dropped;
  await t.notThrowsAsync(db.sql('insert into public.t (k) values (1)'));
});

test('whoever tries for a lock waits 100 ms at a time', async (t) => {
  const { sql } = await testDatabase(t);
  t.deepEqual(
    await sql(`select proname::text as name from pg_proc
      where pronamespace = 'tally'::regnamespace and 'lock_timeout=100ms' = any (proconfig)
        and proname in ('lock_source', 'grant_schema', 'lock_together') order by 1`),
    [{ name: 'grant_schema' }, { name: 'lock_source' }, { name: 'lock_together' }],
  );
});

test('counters of two tables of one schema are made at once: neither fails for the other', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create schema app; create table app.a (id int); create table app.b (id int)');
  const one = await db.client('one');
  await one.query(`begin; select tally.create_counter('a', 'app.a')`);
  const two = await db.client('two');
  const made = two.query(`select tally.create_counter('b', 'app.b')`);
  await isTrying(db, 'two');
  const tried = Date.now() + 300;
  await until(() => Date.now() > tried);
  t.deepEqual(
    await db.sql(
      `select from pg_locks where relation = 'app.b'::regclass and mode <> 'AccessShareLock'`,
    ),
    [],
    'meanwhile it keeps no writer waiting',
  );
  await one.query('commit');
  await made;
  await db.sql('insert into app.a values (1); insert into app.b values (1)');
  await db.sql('call tally.tick()');
  t.is(await numberOf(db.sql, 'a'), 1);
  t.is(await numberOf(db.sql, 'b'), 1);
});

test('TL008 names who is in the way, and leaves everything as it was', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(`update tally.settings set attach_wait = '250 milliseconds'`);
  const long = await db.client('nightly report');
  const { rows } = await long.query<{ pid: number }>('select pg_backend_pid() as pid');
  await long.query('begin; insert into public.t (k) values (1)');
  const error = await failure(db.sql(CREATE));
  t.is(error.code, 'TL008');
  t.regex(
    error.detail ?? '',
    new RegExp(`pid ${rows[0]?.pid} \\(nightly report, idle in transaction`),
  );
  t.regex(error.hint ?? '', /attach_wait/);
  t.deepEqual(await db.sql('select name from tally.counter_definitions'), []);
  await long.query('commit');

  await db.sql(CREATE);
  await db.sql('call tally.tick()');
  await long.query('begin; insert into public.t (k) values (1)');
  t.is((await failure(db.sql(`select tally.drop_counter('rows')`))).code, 'TL008');
  await long.query('commit');
  t.is(await numberOf(db.sql, 'rows'), 1002);
  await isExact(t, db.sql);
});

test('TL008 names a prepared transaction by its name', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`update tally.settings set attach_wait = '200 milliseconds'`);
  await db.sql('create table public.t (id int)');
  await db.sql(`begin; insert into public.t values (1); prepare transaction 'forgotten'`);
  const error = await failure(db.sql(`select tally.create_counter('rows', 'public.t')`));
  await db.sql(`rollback prepared 'forgotten'`);
  t.is(error.code, 'TL008');
  t.regex(error.detail ?? '', /^Held by the prepared transaction 'forgotten', since \d{4}-/);
});

test('a table under row-level security is attached beside a reader, or TL008 names him', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('alter table public.t enable row level security');
  await db.sql(`update tally.settings set attach_wait = '250 milliseconds'`);
  const reader = await db.client('nightly report');
  await reader.query('begin; select * from public.t limit 1');
  const error = await db.sql(CREATE).then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (error !== undefined) {
    const named = await failure(Promise.reject(error));
    t.is(named.code, 'TL008');
    t.regex(named.detail ?? '', /nightly report/);
  }
  await reader.query('commit');
  await db.sql(CREATE);
  await db.sql('call tally.tick()');
  t.is(await numberOf(db.sql, 'rows'), 1000);
});
