import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { finding, isExact, numberOf, numbers, type Sql, standing } from '../../helpers/engine.js';

async function partitioned(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.p (id int, k int) partition by list (k);
    create table public.p1 partition of public.p for values in (1);
    create table public.p2 partition of public.p for values in (2);
    select tally.create_counter('rows', 'public.p');
    select tally.create_counter('by_k', 'public.p', scope => 'k');
    insert into public.p values (1, 1), (2, 2), (3, 2);
    insert into public.p1 values (4, 1)`);
}

const ALL = { rows: 4, 'by_k:1': 2, 'by_k:2': 2 };

test('a detached partition is found, repaired, and counts no more', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  t.deepEqual(await numbers(db.sql), ALL);
  await db.sql('alter table public.p detach partition public.p1');
  t.is((await db.sql('select * from tally.verify()')).length, 2);
  const stray = (
    await db.sql<{ text: string }>(
      `select concat_ws(' ', "check", status, detail, remedy) as text from tally.doctor()`,
    )
  ).filter(({ text }) => /p1/.test(text) && / (warn|fail) /.test(text));
  t.true(stray.length > 0, 'the doctor names the triggers that are left on public.p1');
  t.is((await db.sql('select * from tally.repair()')).length, 2);

  await db.sql('select * from tally.attach()');
  t.deepEqual(
    await db.sql(`select has_table_privilege('tally_owner', 'public.p1', 'select') as may`),
    [{ may: false }],
    'what nobody counts, tally_owner need not read',
  );
  await db.sql('insert into public.p1 values (5, 1)');
  t.deepEqual(await standing(db.sql), { rows: 2, 'by_k:2': 2 });
  await isExact(t, db.sql);
  await db.sql('truncate public.p1');
  await isExact(t, db.sql);
});

test('a counter can be dropped after one of its partitions was detached', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql('alter table public.p detach partition public.p1');
  await db.sql(`select tally.drop_counter('rows'); select tally.drop_counter('by_k')`);
  await t.notThrowsAsync(db.sql('insert into public.p1 values (5, 1)'));
  const left = await db.sql(
    `select from pg_trigger where tgname like '%tally%' and not tgisinternal`,
  );
  t.is(left.length, 0);
});

test('a dropped partition is found and repaired', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql('drop table public.p2');
  t.deepEqual(
    await db.sql('select name, scope, counted::int, actual::int from tally.repair() order by 1, 2'),
    [
      { name: 'by_k', scope: '2', counted: 2, actual: 0 },
      { name: 'rows', scope: '', counted: 4, actual: 2 },
    ],
  );
  await isExact(t, db.sql);
});

test('an attached partition is found and repaired, and tally.attach() arms it', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql('create table public.p3 (id int, k int); insert into public.p3 values (6, 3)');
  await db.sql('alter table public.p attach partition public.p3 for values in (3)');
  const armed = await finding(db.sql, 'triggers on p3').catch(() =>
    finding(db.sql, 'triggers on public.p3'),
  );
  t.is(armed.status, 'fail');
  t.regex(armed.detail, /missing: _500_tally_delete, .*_500_tally_update/);
  t.true((await db.sql('select * from tally.attach()')).length >= 4);
  t.is((await db.sql('select * from tally.repair()')).length, 2);
  await db.sql('insert into public.p3 values (7, 3); insert into public.p values (8, 3)');
  t.deepEqual(await numbers(db.sql, 'by_k'), { 'by_k:1': 2, 'by_k:2': 2, 'by_k:3': 3 });
  await db.sql('truncate public.p3');
  t.deepEqual(await standing(db.sql, 'by_k'), { 'by_k:1': 2, 'by_k:2': 2 });
  await isExact(t, db.sql);
});

test('a new partition counts what comes through its root, armed or not', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql(`create table public.p4 partition of public.p for values in (4) partition by range (id);
    create table public.p4a partition of public.p4 for values from (0) to (10)`);
  await db.sql('insert into public.p values (5, 4)');
  await isExact(t, db.sql);
  t.true((await db.sql('select * from tally.attach()')).length >= 7);
  t.is((await db.sql('select * from tally.attach()')).length, 0);
  await db.sql('insert into public.p4 values (1, 4); insert into public.p4a values (2, 4)');
  await db.sql('update public.p4 set k = 4, id = id + 1; delete from public.p4a where id = 2');
  t.is((await numbers(db.sql, 'by_k'))['by_k:4'], 2);
  await isExact(t, db.sql);
  await db.sql('truncate public.p');
  t.deepEqual(await standing(db.sql), {});
  await isExact(t, db.sql);
});

const triggers = async (sql: Sql): Promise<{ name: string }[]> =>
  await sql(`select t.tgrelid::regclass || ' ' || t.tgname as name from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
    join pg_class c on c.oid = t.tgrelid and c.relnamespace <> 'tally'::regnamespace
    order by 1`);

test('a detached partition that is declared itself counts for itself alone', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.whole (k int) partition by range (k);
    create table public.part partition of public.whole for values from (0) to (10);
    select tally.create_counter('wholes', 'public.whole');
    alter table public.whole detach partition public.part`);
  await sql(`select tally.create_counter('parts', 'public.part')`);
  await sql('insert into public.part values (1), (2), (3)');
  t.deepEqual(await numbers(sql), { parts: 3 });
  t.deepEqual(await sql('select * from tally.attach()'), []);
  await isExact(t, sql);
});

test('a counted table that becomes a partition counts for its root, and its own counter shows nothing', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.whole (k int) partition by range (k);
    create table public.part (k int not null);
    select tally.create_counter('wholes', 'public.whole');
    select tally.create_counter('parts', 'public.part');
    insert into public.part values (1);
    alter table public.whole attach partition public.part for values from (0) to (10)`);
  await sql(`select tally.attach('public.whole'); select tally.repair('wholes')`);
  await sql('insert into public.part values (2); insert into public.whole values (3)');
  t.deepEqual(await numbers(sql), { wholes: 3 });
  const [found] = await sql<{ remedy: string }>(
    `select remedy from tally.doctor() where "check" = 'counter parts'`,
  );
  t.regex(found?.remedy ?? '', /drop_counter\('parts'\)/);
  await sql(`select tally.drop_counter('parts')`);
  await sql('insert into public.part values (4)');
  t.deepEqual(await numbers(sql), { wholes: 4 });
  await isExact(t, sql);
});

test('a partition that moves to another counted root counts there', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.a (k int) partition by range (k);
    create table public.b (k int) partition by range (k);
    create table public.leaf partition of public.a for values from (0) to (10);
    select tally.create_counter('in_a', 'public.a'); select tally.create_counter('in_b', 'public.b');
    insert into public.a values (1);
    alter table public.a detach partition public.leaf;
    alter table public.b attach partition public.leaf for values from (0) to (10)`);
  await sql(`select tally.attach('public.b'); select tally.repair()`);
  await sql('insert into public.leaf values (2)');
  t.deepEqual(await numbers(sql), { in_a: 0, in_b: 2 });
  await isExact(t, sql);
});

test('the last counter takes all its triggers along, from what was detached too', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.whole (k int, l int) partition by range (k);
    create table public.part partition of public.whole for values from (0) to (10);
    create table public.gone partition of public.whole for values from (10) to (20)
      partition by range (k);
    create table public.gone_1 partition of public.gone for values from (10) to (20);
    select tally.create_counter('wholes', 'public.whole');
    alter table public.whole detach partition public.gone;
    create table public.later partition of public.whole for values from (20) to (30)
      partition by range (l)`);
  t.true((await triggers(sql)).length > 0);
  await sql(`select tally.drop_counter('wholes')`);
  t.deepEqual(await triggers(sql), []);
});

test('a counter can be dropped after its table became a partition, before tally.attach() too', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.whole (k int) partition by range (k);
    create table public.part (k int not null);
    select tally.create_counter('wholes', 'public.whole');
    select tally.create_counter('parts', 'public.part');
    alter table public.whole attach partition public.part for values from (0) to (10)`);
  await sql(`select tally.drop_counter('parts')`);
  await sql(`select tally.attach('public.whole'); insert into public.part values (1)`);
  t.deepEqual(await numbers(sql), { wholes: 1 });
  await isExact(t, sql);
});

test('nothing is missing where a partition that had partitions by another column is dropped', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.log (at date not null, kind int not null) partition by range (at);
    create table public.p1 partition of public.log for values from ('2020-01-01') to ('2021-01-01')
      partition by list (kind);
    create table public.p1a partition of public.p1 for values in (1);
    create table public.p2 partition of public.log for values from ('2021-01-01') to ('2022-01-01');
    select tally.create_counter('log', 'public.log'); select tally.fill();
    insert into public.log values ('2020-01-01', 1), ('2021-01-01', 1)`);
  await sql('drop table public.p1; select tally.repair()');
  t.deepEqual(
    await sql(`select "check" from tally.doctor() where "check" ~ '^trigger' and status <> 'ok'`),
    [],
  );
  await sql(`update public.log set at = '2021-01-02'; update public.log set kind = 2`);
  t.is(await numberOf(sql, 'log'), 1);
  await isExact(t, sql);
});
