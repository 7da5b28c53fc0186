import test, { type ExecutionContext } from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { finding, isExact, numberOf, numbers } from '../../helpers/engine.js';

/** A counted table with three rows, and what it says of them. */
async function counted(db: TestDatabase): Promise<void> {
  await db.sql(`
    update tally.settings set fold_at = 0;
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
