import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, type Sql, standing } from '../../helpers/engine.js';

/** What a MERGE moves between partitions is in no transition table: it is noticed by the row. */

async function partitioned(t: ExecutionContext<unknown>) {
  const db = await testDatabase(t);
  await db.sql(`create table public.p (id int, k int, x int default 0) partition by list (k);
    create table public.p1 partition of public.p for values in (1);
    create table public.p2 partition of public.p for values in (2);
    create table public.p3 partition of public.p for values in (3);
    select tally.create_counter('kinds', 'public.p', scope => 'k');
    select tally.create_counter('exes', 'public.p', scope => 'x');
    insert into public.p select i, 1 from generate_series(1, 10) i`);
  await db.sql('call tally.tick()');
  return db;
}

/** What is shown now is right; after a fill everything is shown. */
async function staysRight(t: ExecutionContext<unknown>, sql: Sql) {
  const wrong = await sql(`
    with actual as (
      select 'kinds' as name, k::text as scope, count(*) as value from public.p group by k
      union all select 'exes', x::text, count(*) from public.p group by x
    ), shown as (
      select d.name from tally.definitions d where exists (
        select from tally.counters c where c.name = d.name)
    )
    select * from actual a full join tally.counters c using (name, scope)
    where name in (select name from shown) and coalesce(a.value, 0) <> coalesce(c.value, 0)`);
  t.deepEqual(wrong, []);
  await sql('call tally.tick()');
  await isExact(t, sql);
}

const MOVE = `merge into public.p using (values (5)) s (id) on p.id = s.id
  when matched then update set k = 2`;

const PARTS: Readonly<Record<string, string>> = {
  'between two that set no key': `with a as (update public.p set x = 1 where id = 1 returning 1),
    m as (merge into public.p using (values (5)) s (id) on p.id = s.id
      when matched then update set k = 2 returning 1),
    b as (update public.p set x = 2 where id = 9)
    select (select count(*) from a), (select count(*) from m)`,
  'after one that sets no key': `with b as (update public.p set x = 2 where id = 9) ${MOVE}`,
  'beside a DELETE': `with d as (delete from public.p where id = 9) ${MOVE}`,
  'that inserts too': `merge into public.p using (values (5), (50)) s (id) on p.id = s.id
    when matched then update set k = 2 when not matched then insert values (s.id, 3)`,
  'that has an UPDATE move the other way': `with b as (update public.p set k = 3 where id = 9) ${MOVE}`,
};

for (const [what, statement] of Object.entries(PARTS)) {
  // RETURNING of a MERGE is of PostgreSQL 17.
  test(`a MERGE ${what} leaves no wrong number, nor anything in tally.moves`, async (t) => {
    const db = await partitioned(t);
    await db.sql(statement);
    t.deepEqual(await db.sql('select * from tally.moves'), []);
    await staysRight(t, db.sql);
    t.is((await standing(db.sql))['kinds:2'], 1);
  });
}

test('a MERGE that sets the key to what it is, and deletes, is counted in place', async (t) => {
  const db = await partitioned(t);
  await db.sql(`merge into public.p using (values (5), (6)) s (id) on p.id = s.id
    when matched and p.id = 5 then delete when matched then update set k = 1, x = 3`);
  t.deepEqual(await numbers(db.sql), { 'kinds:1': 9, 'exes:0': 8, 'exes:3': 1 });
  await isExact(t, db.sql);
});

test('rows that an UPDATE moves are counted in place, however many, with others that stay', async (t) => {
  const db = await partitioned(t);
  await db.sql(`insert into public.p select i, 1 from generate_series(11, 2000) i;
    update public.p set k = case when id % 3 = 0 then 2 else k end, x = 1 where id > 5`);
  t.deepEqual(await numbers(db.sql), {
    ...{ 'kinds:1': 1335, 'kinds:2': 665 },
    ...{ 'exes:0': 5, 'exes:1': 1995 },
  });
  await isExact(t, db.sql);
});

test('rows that two MERGEs exchange between partitions leave no wrong number', async (t) => {
  const db = await partitioned(t);
  await db.sql(`update public.p set k = 2, x = 7 where id = 1`);
  await db.sql(`merge into public.p using (values (1), (2)) s (id) on p.id = s.id
    when matched then update set k = 3 - k, x = 7 - x`);
  await staysRight(t, db.sql);
});

test('a TRUNCATE of another partition within a MERGE hides nothing that it moves', async (t) => {
  const db = await partitioned(t);
  await db.sql(`insert into public.p values (33, 3);
    create function public.clear() returns int language plpgsql as $$
      begin truncate public.p3; return 2; end $$`);
  await db.sql(`update public.p set x = 1 where id = 33;
    merge into public.p using (values (1)) s (id) on p.id = s.id and p.k = 1
      when matched then update set k = public.clear()`);
  await staysRight(t, db.sql);
  t.is((await standing(db.sql))['kinds:2'], 1);
});

test('a session that has thrown away old notes still sees what its next MERGE moves', async (t) => {
  const db = await partitioned(t);
  await db.sql(`insert into tally.moves (xid, kind, relation, depth, changes)
    values ('3', 'count', 'public.p'::regclass, 1, 0)`);
  const client = await db.client();
  await client.query(`update tally.jobs set next_at = now() where name = 'prune'`);
  await client.query('select tally.run_due_jobs()');
  t.deepEqual(await db.sql('select * from tally.moves'), []);
  await client.query(MOVE);
  await staysRight(t, db.sql);
});
