import test, { type ExecutionContext } from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { finding, isExact, numberOf, numbers } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

/** A counted table with three rows, and what it says of them. */
async function counted(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.t (id int, status text, size numeric);
    select tally.create_counter('all', 'public.t');
    select tally.create_counter('open', 'public.t', $$status = 'open'$$);
    select tally.create_counter('by_status', 'public.t', scope => 'status', amount => 'size');
    insert into public.t values (1, 'open', 10), (2, 'open', 20), (3, 'closed', 30)`);
}

const ALL = { all: 3, open: 2, 'by_status:open': 30, 'by_status:closed': 30 };

type Difference = { name: string; scope: string; counted: number; actual: number };

const differences = (db: TestDatabase, call: string): Promise<Difference[]> =>
  db.sql<Difference>(
    `select name, scope, counted::int, actual::int from ${call} order by name, scope`,
  );

/** Found by verify, named by the doctor, shown by a dry run, put right by repair: in this order. */
async function isMended(
  t: ExecutionContext<unknown>,
  db: TestDatabase,
  expected: Difference[],
): Promise<void> {
  t.deepEqual(await differences(db, 'tally.verify()'), expected);
  for (const name of new Set(expected.map((difference) => difference.name))) {
    const { status, detail, remedy } = await finding(db.sql, `counter ${name}`);
    t.is(status, 'fail', name);
    t.regex(detail, /difference/);
    t.regex(remedy ?? '', /tally\.repair/);
  }
  const before = await numbers(db.sql);
  t.deepEqual(await differences(db, 'tally.repair(dry_run => true)'), expected);
  t.deepEqual(await numbers(db.sql), before);
  t.deepEqual(await differences(db, 'tally.repair()'), expected);
  t.deepEqual(await differences(db, 'tally.repair()'), []);
  await isExact(t, db.sql);
  t.is((await finding(db.sql, `counter ${expected[0]?.name}`)).status, 'ok');
}

test('writes while the triggers were disabled are found and repaired', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  t.deepEqual(await numbers(db.sql), ALL);
  await db.sql('alter table public.t disable trigger user');
  const triggers = await finding(db.sql, 'triggers on t').catch(() =>
    finding(db.sql, 'triggers on public.t'),
  );
  t.is(triggers.status, 'fail');
  t.regex(triggers.detail, /disabled: _500_tally_delete, _500_tally_insert/);
  t.regex(triggers.remedy ?? '', /enable trigger _500_tally_delete/);
  await db.sql(`insert into public.t values (4, 'open', 1); delete from public.t where id = 3`);
  await db.sql('alter table public.t enable trigger user');
  await isMended(t, db, [
    { name: 'by_status', scope: 'closed', counted: 30, actual: 0 },
    { name: 'by_status', scope: 'open', counted: 30, actual: 31 },
    { name: 'open', scope: '', counted: 2, actual: 3 },
  ]);
});

test('writes of a replica session are found and repaired', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  const replica = await db.client();
  await replica.query(`set session_replication_role = replica`);
  await replica.query(`update public.t set status = 'closed' where id = 1`);
  await isMended(t, db, [
    { name: 'by_status', scope: 'closed', counted: 30, actual: 40 },
    { name: 'by_status', scope: 'open', counted: 30, actual: 20 },
    { name: 'open', scope: '', counted: 2, actual: 1 },
  ]);
});

test('a dropped trigger is named, and put back by tally.attach()', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('drop trigger _500_tally_insert on public.t');
  await db.sql(`insert into public.t values (4, 'new', 1)`);
  const [triggers] = await db.sql(
    `select status, detail, remedy from tally.doctor() where "check" like 'triggers on %'`,
  );
  t.is(triggers?.status, 'fail');
  t.regex(String(triggers?.detail), /missing: _500_tally_insert/);
  t.regex(String(triggers?.remedy), /tally\.attach/);
  t.deepEqual(await db.sql('select attached from tally.attach()'), [
    { attached: '_500_tally_insert' },
  ]);
  await isMended(t, db, [
    { name: 'all', scope: '', counted: 3, actual: 4 },
    { name: 'by_status', scope: 'new', counted: 0, actual: 1 },
  ]);
  await db.sql(`insert into public.t values (5, 'new', 1)`);
  await isExact(t, db.sql);
});

test('a total that was edited by hand is found and repaired', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('select tally.pulse()');
  await db.sql(`update tally.totals set value = 99 where scope = 'open'`);
  await db.sql(`delete from tally.totals where scope = 'closed'`);
  await isMended(t, db, [
    { name: 'by_status', scope: 'closed', counted: 0, actual: 30 },
    { name: 'by_status', scope: 'open', counted: 99, actual: 30 },
  ]);
});

test('a column that gets another type keeps its counters, or they are stopped and filled again', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql(`alter table public.t alter column status type varchar(10) using upper(status)`);
  await isMended(t, db, [
    { name: 'by_status', scope: 'CLOSED', counted: 0, actual: 30 },
    { name: 'by_status', scope: 'OPEN', counted: 0, actual: 30 },
    { name: 'by_status', scope: 'closed', counted: 30, actual: 0 },
    { name: 'by_status', scope: 'open', counted: 30, actual: 0 },
    { name: 'open', scope: '', counted: 2, actual: 0 },
  ]);
  await db.sql(`insert into public.t values (4, 'open', 5)`);
  t.like(await numbers(db.sql), { all: 4, open: 1, 'by_status:open': 5, 'by_status:OPEN': 30 });

  await db.sql('alter table public.t alter column size type bigint');
  await db.sql(`create type public.state as enum ('open', 'OPEN', 'CLOSED')`);
  await db.sql(
    'alter table public.t alter column status type public.state using status::text::public.state',
  );
  await db.sql(`insert into public.t values (5, 'open', 5)`);
  t.is(await numberOf(db.sql, 'all'), 5);
  t.is((await finding(db.sql, 'counter open')).status, 'fail');
});

test('one counter that cannot be recounted does not keep the others from being repaired', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('create table public.b (x int); insert into public.b values (0)');
  await db.sql(`select tally.create_counter('a_broken', 'public.b', amount => '10 / x')`);
  await db.sql('select tally.fill()');
  await db.sql('alter table public.t disable trigger user');
  await db.sql(`insert into public.t values (4, 'open', 1)`);
  await db.sql('alter table public.t enable trigger user');
  t.deepEqual(
    (await differences(db, 'tally.verify()')).map(({ name }) => name),
    ['all', 'by_status', 'open'],
  );
  t.is((await differences(db, 'tally.repair(dry_run => true)')).length, 3);
  t.is((await differences(db, 'tally.repair()')).length, 3);
  t.deepEqual(await numbers(db.sql, 'open'), { open: 3 });
});

test('status says how many counters are filled, filling and broken', async (t) => {
  const db = await testDatabase(t);
  await counted(db);
  await db.sql('create table public.b (x int); insert into public.b values (0)');
  await db.sql(`select tally.create_counter('later', 'public.b')`);
  const look = () =>
    db.sql('select pending::int, filled::int, filling::int, broken::int from tally.status');
  t.deepEqual(await look(), [{ pending: 4, filled: 3, filling: 1, broken: 0 }]);
  await db.sql('call tally.tick()');
  await db.sql('drop table public.t');
  t.deepEqual(await look(), [{ pending: 0, filled: 1, filling: 0, broken: 3 }]);
});

test('an application that truncates in another order than verify reads is no victim of it', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.va (id int); create table public.vz (id int)');
  await db.sql(
    `select tally.create_counter('a', 'public.va'), tally.create_counter('z', 'public.vz')`,
  );
  await db.sql('insert into public.va values (1); insert into public.vz values (1)');
  const [writer, verifier] = await Promise.all([db.client(), db.client()]);
  const { rows } = await verifier.query<{ pid: number }>('select pg_backend_pid() as pid');
  await writer.query('begin; truncate public.vz');
  const verified = verifier.query('select * from tally.verify()');
  await until(async () => {
    const waiting = await db.sql(
      `select from pg_stat_activity where pid = $1 and state = 'active' and wait_event is not null`,
      [rows[0]?.pid],
    );
    return waiting.length > 0;
  });
  await writer.query('truncate public.va');
  await writer.query('commit');
  t.deepEqual((await verified).rows, []);
  t.deepEqual(await numbers(db.sql), { a: 0, z: 0 });
});

test('what cannot be locked in time is named, and the others are verified', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`update tally.settings set attach_wait = '200 milliseconds'`);
  await db.sql('create table public.free (id int); create table public.kept (id int)');
  await db.sql(
    `select tally.create_counter('free', 'public.free'), tally.create_counter('kept', 'public.kept')`,
  );
  await db.sql(`alter table public.free disable trigger user; insert into public.free values (1)`);
  const holder = await db.client();
  await holder.query('begin; lock table public.kept in access exclusive mode');
  const verifier = await db.client();
  const warnings: string[] = [];
  verifier.on('notice', ({ message }) => warnings.push(message ?? ''));
  const { rows } = await verifier.query('select name from tally.verify()');
  t.deepEqual(rows, [{ name: 'free' }]);
  t.deepEqual(warnings, ['counter "kept" cannot be recounted: public.kept could not be locked']);
  await holder.query('rollback');
});

for (const [what, trigger] of [
  ['a condition', 'for each statement when (false)'],
  ['each row', 'for each row'],
] as const) {
  test(`a counting trigger that was made anew with ${what} is named, and mended`, async (t) => {
    const db = await testDatabase(t);
    await db.sql('create table public.u (id int)');
    await db.sql(`select tally.create_counter('u', 'public.u')`);
    await db.sql(`create or replace trigger _500_tally_delete after delete on public.u
      ${what === 'a condition' ? 'referencing old table as tally_old' : ''}
      ${trigger} execute function tally.count_public_u_delete()`);
    const found = await finding(db.sql, 'triggers on public.u');
    t.is(found.status, 'fail');
    t.is(found.detail, 'missing: _500_tally_delete');
    await db.sql('select * from tally.attach()');
    t.is((await finding(db.sql, 'triggers on public.u')).status, 'ok');
  });
}

test('a renamed counting trigger is called so, and mended', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.u (id int)');
  await db.sql(`select tally.create_counter('u', 'public.u')`);
  for (const event of ['insert', 'truncate']) {
    await db.sql(`alter trigger _500_tally_${event} on public.u rename to z_${event}`);
    const { detail } = await finding(db.sql, `trigger z_${event} on public.u`);
    t.is(detail, 'it was renamed, or is there twice');
  }
  await db.sql('select * from tally.attach()');
  await db.sql('insert into public.u values (1)');
  t.deepEqual(await numbers(db.sql), { u: 1 });
  t.deepEqual(
    await db.sql(`select * from tally.doctor() where "check" ~ 'trigger' and status <> 'ok'`),
    [],
  );
});

test('a function for TRUNCATE that counts nothing any more is named', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.u (id int)');
  await db.sql(`select tally.create_counter('u', 'public.u')`);
  t.deepEqual(await db.sql(`select from tally.doctor() where "check" ~ '^function'`), []);
  await db.sql(`create or replace function tally.count_truncate() returns trigger
    language plpgsql as $$ begin return null; end $$`);
  const { status, remedy } = await finding(db.sql, 'function tally.count_truncate()');
  t.is(status, 'fail');
  t.regex(remedy ?? '', /objects\/counters\/count_truncate\.sql/);
});
