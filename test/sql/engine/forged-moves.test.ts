import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, standing } from '../../helpers/engine.js';

async function partitioned(t: ExecutionContext<unknown>) {
  const db = await testDatabase(t);
  await db.sql(`create table public.p (id int, k int, v text) partition by list (k);
    create table public.p1 partition of public.p for values in (1);
    create table public.p2 partition of public.p for values in (2);
    select tally.create_counter('kinds', 'public.p', scope => 'k::text');
    create function public.doc(scope text) returns jsonb language sql as $$ select to_jsonb(scope) $$;
    select tally.create_summary('doc', 'public.doc');
    select tally.watch('doc', 'public.p', 'k::text');
    insert into public.p select i, 1, 'a' from generate_series(1, 10) i;
    create function public.inner_update(what text) returns text language plpgsql as $$
      begin execute what; return 'x'; end $$`);
  await db.sql('call tally.tick()');
  return db;
}

const SETTINGS = ['count_moving', 'mark_moving', 'moving', 'marking'];
const forge = (value: string) =>
  SETTINGS.map(
    (name) => `set_config('tally.${name}_1_' || 'public.p'::regclass::oid, ${value}, true)`,
  ).join(' || ');

for (const value of [`''`, `'xyz'`, `'7'`, `'(0,1)'`, `'(999999999,9999)'`]) {
  test(`a writer who sets ${value} during his MERGE hides no row that it moves, and fails nothing`, async (t) => {
    const db = await partitioned(t);
    await db.sql(`merge into public.p using (values (3)) s (id) on p.id = s.id
      when matched then update set k = 2, v = ${forge(value)}`);
    t.deepEqual(await db.sql('select from tally.marks where scope is null'), [{}]);
    await db.sql('call tally.tick()');
    t.deepEqual(await standing(db.sql), { 'kinds:1': 9, 'kinds:2': 1 });
    await isExact(t, db.sql);
    t.deepEqual(await db.sql('select * from tally.moves'), []);
  });
}

for (const [what, inner] of [
  ['sets no key', 'update public.p set v = v where false'],
  ['sets the key', 'update public.p set k = k where false'],
  [
    'fails',
    'do $x$ begin update public.p set k = k; raise 1; exception when others then null; end $x$',
  ],
] as const) {
  test(`an UPDATE within a MERGE, which ${what}, takes no note away from it`, async (t) => {
    const db = await partitioned(t);
    await db.sql(`merge into public.p using (values (3), (4)) s (id) on p.id = s.id
      when matched then update set k = 2, v = public.inner_update($i$${inner.replace('raise 1', `raise 'x'`)}$i$)`);
    await db.sql('call tally.tick()');
    t.deepEqual(await standing(db.sql), { 'kinds:1': 8, 'kinds:2': 2 });
    await isExact(t, db.sql);
    t.deepEqual(await db.sql('select * from tally.moves'), []);
  });
}

test('updates that set the key, before and after others of one transaction, stop no counter', async (t) => {
  const db = await partitioned(t);
  const client = await db.client();
  await client.query(`begin; update public.p set k = 2 where id < 4; update public.p set v = 'b';
    savepoint s; update public.p set k = 2 where id = 5; rollback to s`);
  await t.throwsAsync(client.query('savepoint f; update public.p set k = 3 where id = 6'));
  await client.query(`rollback to f; delete from public.p where id = 1; update public.p set v = 'c';
    update public.p set k = 1 where id = 2; commit`);
  t.deepEqual(await numbers(db.sql), { 'kinds:1': 8, 'kinds:2': 1 });
  await isExact(t, db.sql);
  t.deepEqual(await db.sql('select * from tally.moves'), []);
});

test('SERIALIZABLE writers of keys do not fail each other', async (t) => {
  const db = await partitioned(t);
  await db.sql(`create table public.q (id int, k int) partition by list (k);
    create table public.q1 partition of public.q for values in (1);
    create table public.q2 partition of public.q for values in (2);
    select tally.create_counter('others', 'public.q', scope => 'k');
    insert into public.q values (1, 1)`);
  const writers = [
    { table: 'public.p', client: await db.client() },
    { table: 'public.q', client: await db.client() },
  ];
  for (const { client } of writers) await client.query('begin isolation level serializable');
  for (const { table, client } of writers) {
    await client.query(`update ${table} set k = 2 where id = 1`);
  }
  for (const { client } of writers) await client.query('commit');
  await db.sql('call tally.tick()');
  await isExact(t, db.sql);
});
