import test from 'ava';
import { type TestDatabase, testDatabase, testRole } from '../../helpers/database.js';
import { failure, pulse, type Sql, sqlOf } from '../../helpers/engine.js';

/** Many numbers at once, as an application's page shows them. */

const VALUES = 'select tally.values_of($1, $2)::text[] as values';

/** In one statement, so of one snapshot; a counter that shows nothing is not looked for. */
const BESIDE = `
  select tally.values_of($1, $2)::text[] as values, array(
    select coalesce(c.value, 0)::text
    from unnest($1::text[]) with ordinality n (name, pos)
    cross join unnest($2::text[]) with ordinality k (scope, pos)
    left join tally.counters c on c.name = n.name and c.scope = k.scope
    order by n.pos, k.pos
  ) as expected`;

const NAMES = ['kinds', 'sums', 'heavy'];
const SCOPES = ['a', 'b', 'c', 'd', '', 'a'];
const ROUNDS = 150;

async function valuesOf(sql: Sql, names: string[], scopes: string[]): Promise<(string | null)[]> {
  const [row] = await sql<{ values: (string | null)[] }>(VALUES, [names, scopes]);
  return row?.values ?? [];
}

async function tables(db: TestDatabase): Promise<void> {
  await db.sql(`create table public.t (id int generated always as identity, k text, n numeric);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    select tally.create_counter('sums', 'public.t', scope => 'k', amount => 'n');
    select tally.create_counter('heavy', 'public.t', scope => 'k', filter => 'n > 5', ranked => true)`);
}

test('many numbers are told name by name and scope by scope, folded, pending or never counted', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k, n) values ('a', 1), ('a', 7), ('b', 9)`);
  const asked = () => valuesOf(db.sql, ['sums', 'kinds'], ['b', 'a', 'c', 'b']);
  const expected = ['9', '8', '0', '9', '1', '2', '0', '1'];
  t.deepEqual(await asked(), expected);
  await pulse(db.sql);
  t.deepEqual(await asked(), expected);
  t.deepEqual(await valuesOf(db.sql, ['rows'], ['']), ['3']);
  t.deepEqual(await valuesOf(db.sql, [], ['a']), []);
  t.deepEqual(await valuesOf(db.sql, ['kinds'], []), []);
  const none = 'select tally.values_of(null, null) as one, tally.values_of($1, null) as other';
  t.deepEqual(await db.sql(none, [['kinds']]), [{ one: [], other: [] }]);
});

test('what cannot be shown now is NULL, in its place, and only that', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k, n) values ('a', 9e18), ('a', 9e18), ('b', 5);
    create table public.u (k text); create table public.v (k text); create table public.w (k text);
    create table public.parent (k text) partition by list (k);
    insert into public.u values ('a');
    select tally.create_counter('filling', 'public.u', scope => 'k');
    select tally.create_counter('gone', 'public.v', scope => 'k');
    select tally.create_counter('unfit', 'public.w', scope => 'k');
    select tally.create_counter('asked', 'public.t', scope => 'k');
    create function public.b(scope text) returns jsonb language sql as 'select to_jsonb(1)';
    select tally.create_summary('page', 'public.b');
    insert into tally.fill_requests (counter, reason, pulse)
      select id, 'a test', 0 from tally.definitions where name = 'asked';
    drop table public.v cascade; alter table public.parent attach partition public.w default`);
  const names = ['filling', 'gone', 'unfit', 'asked', 'page', 'nobody', 'sums', 'kinds'];
  const expected = [...Array(12).fill(null), null, '5', '2', '1'];
  t.deepEqual(await valuesOf(db.sql, names, ['a', 'b']), expected);
  await pulse(db.sql);
  t.deepEqual(await valuesOf(db.sql, names, ['a', 'b']), expected);
  t.deepEqual(await db.sql(`select tally.values_of('{kinds}', array['b', null]) as values`), [
    { values: ['1', null] },
  ]);
});

test('many numbers are exact in each snapshot, whoever writes and whatever was folded meanwhile', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const sessions = await Promise.all([1, 2, 3].map(async () => sqlOf(await db.client())));
  const open = sessions.map(() => false);
  const some = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
  const changes = [
    `insert into public.t (k, n) select k, n from unnest(array['a', 'b', null]) k,
       generate_series(4, 7) n`,
    `insert into public.t (k, n) values ('d', 6)`,
    `update public.t set k = 'b', n = n + 1 where k = 'a' and id % 2 = 0 and id % 3 = `,
    `delete from public.t where id % 5 = 0 and id % 3 = `,
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = Math.floor(Math.random() * sessions.length);
    const sql = sessions[at] as Sql;
    const level = some(['read committed', 'repeatable read']);
    if (!open[at] && Math.random() < 0.5) {
      await sql(`begin isolation level ${level}`);
      open[at] = true;
    }
    // Each session changes rows of its own, so none waits for another.
    const change = some(changes);
    const isOwn = change.endsWith('= ');
    await sql(isOwn ? `${change}${at}` : change).catch(async (error: { code?: string }) => {
      if (error.code !== '40001') throw error;
      await sql('rollback');
      open[at] = false;
    });
    for (const reader of sessions) {
      const [row] = await reader<{ values: string[]; expected: string[] }>(BESIDE, [NAMES, SCOPES]);
      t.deepEqual(row?.values, row?.expected);
    }
    if (open[at] && Math.random() < 0.4) {
      await sql(some(['commit', 'rollback']));
      open[at] = false;
    }
    if (Math.random() < 0.3) await pulse(db.sql);
  }
  for (const sql of sessions) await sql('rollback');
  await pulse(db.sql);
  t.deepEqual(await db.sql('select * from tally.verify()'), []);
});

test('many numbers look at the rows of their keys, however many others there are', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const sql = sqlOf(await db.client());
  // A session keeps the plans that it makes while there are few, and known to be few.
  await db.sql('analyze tally.definitions, tally.totals, tally.deltas');
  await valuesOf(sql, NAMES, SCOPES);
  await db.sql(`insert into public.t (k, n) select i::text, 1 from generate_series(1, 3000) i;
    insert into public.t (k, n) values ('a', 1), ('b', 8)`);
  for (const name of ['deltas', 'totals']) {
    const fetched = async (): Promise<number> => {
      const [row] = await sql<{
        rows: string;
      }>(`select coalesce(sum(idx_tup_fetch + seq_tup_read), 0)
        as rows from pg_stat_xact_all_tables
        where relid in ('tally.deltas'::regclass, 'tally.totals'::regclass)`);
      return Number(row?.rows);
    };
    await sql('begin');
    const before = await fetched();
    await valuesOf(sql, NAMES, SCOPES);
    t.true((await fetched()) - before < 30, name);
    await sql('commit');
    await pulse(db.sql);
  }
});

test('only an owner of tally reads many numbers at once', async (t) => {
  const role = await testRole(t, 'login');
  const db = await testDatabase(t);
  await tables(db);
  const sql = sqlOf(await db.client());
  await db.sql(`grant tally_server to ${role}`);
  await sql(`set role ${role}`);
  const refused = await failure(sql(`select tally.values_of('{rows}', '{""}')`));
  t.is(refused.code, '42501');
});
