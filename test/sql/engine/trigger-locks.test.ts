import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, isExact, type Sql, sqlOf, standing } from '../../helpers/engine.js';

/** What a writer's counting triggers hold of a partitioned table: nothing that others may want. */

async function partitioned(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.lk (id int, reg int, note text) partition by list (reg);
    create table public.lk_a partition of public.lk for values in (0, 1);
    create table public.lk_b partition of public.lk for values in (2, 3) partition by list (reg);
    create table public.lk_b2 partition of public.lk_b for values in (2);
    insert into public.lk values (1, 0, '4'), (2, 2, '4')`);
}

const counters = `
  select tally.create_counter('by_reg', 'public.lk', scope => 'reg');
  select tally.create_counter('quarters', 'public.lk', amount => '100 / note::int');
  select tally.fill()`;

async function writer(db: TestDatabase): Promise<Sql> {
  const sql = sqlOf(await db.client());
  await sql(`set lock_timeout = '100ms'`);
  return sql;
}

/** Which of the table's relations a transaction has locked after an UPDATE of the partition key. */
async function locked(db: TestDatabase): Promise<string[]> {
  const sql = await writer(db);
  await sql('begin; update public.lk set reg = 1 - reg where reg in (0, 1)');
  const held = await sql<{ relation: string }>(
    `select l.relation::regclass::text as relation from pg_locks l
     where l.pid = pg_backend_pid() and l.relation::regclass::text ~ '^lk' order by 1`,
  );
  await sql('rollback');
  return held.map(({ relation }) => relation);
}

test('a counted UPDATE of a partition key locks no more partitions than one not counted', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  const without = await locked(db);
  await db.sql(counters);
  t.deepEqual(await locked(db), without);
  t.false(without.includes('lk_b2'));
});

test('an UPDATE of a partition key waits for nobody who holds another partition', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql(counters);
  const holder = sqlOf(await db.client());
  await holder('begin; truncate public.lk_b2');
  const sql = await writer(db);
  await sql('update public.lk set reg = 1 where reg = 0');
  await holder('rollback');
  t.deepEqual(await standing(db.sql), { 'by_reg:1': 1, 'by_reg:2': 1, quarters: 50 });
  await isExact(t, db.sql);
});

test('a row that an expression refuses is refused without waiting for another partition', async (t) => {
  const db = await testDatabase(t);
  await partitioned(db);
  await db.sql(`
    select tally.create_counter('quarters', 'public.lk', amount => '100 / note::int');
    select tally.fill()`);
  const holder = sqlOf(await db.client());
  await holder('begin; lock table public.lk_b2 in access exclusive mode');
  const sql = await writer(db);
  for (const table of ['public.lk', 'public.lk_a']) {
    const refused = await failure(sql(`insert into ${table} values (3, 0, '0')`));
    t.is(refused.message, 'division by zero');
  }
  await holder('rollback');
  await isExact(t, db.sql);
});
