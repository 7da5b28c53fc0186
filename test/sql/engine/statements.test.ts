import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { isExact, numberOf, numbers, pulse, sqlOf, standing } from '../../helpers/engine.js';
import { copyIn } from './oracle/copy-in.js';

/** What each kind of statement counts. */

async function ranks(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.r (id int primary key, team text, points int, open boolean);
    select tally.create_counter('all_rows', 'public.r');
    select tally.create_counter('open', 'public.r', filter => 'open');
    select tally.create_counter('team', 'public.r', scope => 'team');
    select tally.create_counter('points', 'public.r', scope => 'team', amount => 'points')`);
}

const deltas = async (db: TestDatabase) => await db.sql('select * from tally.deltas');

test('an INSERT of several rows counts each, where it belongs', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(
    `insert into public.r values (1, 'a', 5, true), (2, 'a', -2, false), (3, 'b', 0, true)`,
  );
  t.deepEqual(await numbers(db.sql), {
    all_rows: 3,
    open: 2,
    'points:a': 3,
    'team:a': 2,
    'team:b': 1,
  });
  await isExact(t, db.sql);
});

test('a scope that never counted has no row, and one that lost its last has a row with 0', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  t.deepEqual(await numbers(db.sql), {});
  await db.sql(`insert into public.r values (1, 'a', 5, true)`);
  await pulse(db.sql);
  await db.sql('delete from public.r');
  const gone = { all_rows: 0, open: 0, 'points:a': 0, 'team:a': 0 };
  t.deepEqual(await numbers(db.sql), gone);
  await pulse(db.sql);
  t.deepEqual(await numbers(db.sql), gone);
});

test('a NULL scope or a filter that is NULL counts nothing, a NULL amount adds 0', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(
    `insert into public.r values (1, null, 5, null), (2, 'a', null, true), (3, 'a', 1, null)`,
  );
  t.deepEqual(await numbers(db.sql), { all_rows: 3, open: 1, 'points:a': 1, 'team:a': 2 });
  await db.sql(`update public.r set team = 'a', open = true where id = 1`);
  t.deepEqual(await numbers(db.sql), { all_rows: 3, open: 2, 'points:a': 6, 'team:a': 3 });
});

test('an UPDATE of scope, filter and amount moves the numbers with the row', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r values (1, 'a', 5, true), (2, 'b', 7, true)`);
  await db.sql(`update public.r set team = 'b', points = points + 1, open = false where id = 1`);
  t.deepEqual(await standing(db.sql), { all_rows: 2, open: 1, 'points:b': 13, 'team:b': 2 });
});

test('an UPDATE that changes nothing counted writes nothing and announces nothing', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r values (1, 'a', 5, true), (2, 'b', 5, true)`);
  const before = await pulse(db.sql);
  await db.sql('update public.r set id = id + 10');
  await db.sql('update public.r set team = team, open = open');
  await db.sql('update public.r set points = 9 where false');
  t.deepEqual(await deltas(db), []);
  t.deepEqual(await pulse(db.sql), { ...before, folded: 0, announced: 0 });
});

test('two rows that swap their scopes leave every number as it was, unwritten', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r values (1, 'a', 5, true), (2, 'b', 5, false)`);
  await pulse(db.sql);
  await db.sql(`update public.r set team = case team when 'a' then 'b' else 'a' end`);
  t.deepEqual(await deltas(db), []);
  await isExact(t, db.sql);
});

test('ON CONFLICT counts what it did: nothing, an update, or an insert', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r values (1, 'a', 5, true)`);
  await db.sql(`insert into public.r values (1, 'x', 1, true) on conflict do nothing`);
  t.deepEqual(await standing(db.sql, 'team'), { 'team:a': 1 });
  await db.sql(`insert into public.r values (1, 'b', 2, true), (2, 'b', 3, true)
    on conflict (id) do update set team = excluded.team`);
  t.deepEqual(await standing(db.sql), { all_rows: 2, open: 2, 'points:b': 8, 'team:b': 2 });
});

test('one MERGE may insert, update, delete and leave alone', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r select i, 'a', i, true from generate_series(1, 3) i`);
  await db.sql(`
    merge into public.r t using (values (1), (2), (3), (4), (5)) s (id) on t.id = s.id
    when matched and s.id = 1 then delete
    when matched and s.id = 2 then update set team = 'b', points = 20
    when matched then do nothing
    when not matched and s.id = 4 then insert values (s.id, 'c', 40, false)
    when not matched then do nothing`);
  t.deepEqual(await standing(db.sql), {
    all_rows: 3,
    open: 2,
    'points:a': 3,
    'points:b': 20,
    'points:c': 40,
    'team:a': 1,
    'team:b': 1,
    'team:c': 1,
  });
});

test('a scope is the text of its value, also where equal values have different texts', async (t) => {
  const { sql } = await testDatabase(t);
  const texts: [type: string, values: string[]][] = [
    ['smallint', ['1', '-1', '1']],
    ['integer', ['7', '07', '8']],
    ['bigint', ['9000000000', '9000000000', '1']],
    ['uuid', ['{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
    ['numeric', ['1', '1.0', '1.00', '1']],
    ['float8', ['0', '-0', '0']],
    ['bool', ['t', 'f', 'true']],
  ];
  for (const [type, values] of texts) {
    const table = `public.by_${type}`;
    await sql(`create table ${table} (id int generated always as identity, k ${type})`);
    await sql(`select tally.create_counter('by_${type}', '${table}', scope => 'k')`);
    const rows = values.map((value) => `('${value}')`).join(', ');
    await sql(`insert into ${table} (k) values ${rows}, (null)`);
    await isExact(t, sql);
    await sql(`update ${table} set k = (select k from ${table} where id = 2) where id = 1`);
    await isExact(t, sql);
    await sql(`delete from ${table} where id > 2`);
    await isExact(t, sql);
  }
  t.is((await numbers(sql))['by_numeric:1.0'], 2);
});

test('several changes of one table in one statement are each counted once', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`insert into public.r select i, 'a', 1, true from generate_series(1, 4) i`);
  await db.sql(`
    with gone as (delete from public.r where id = 1 returning id),
         more as (insert into public.r values (5, 'b', 1, true), (6, 'b', 1, true) returning id),
         less as (update public.r set team = 'c' where id = 2 returning id),
         also as (update public.r set open = false where id = 3 returning id),
         last as (insert into public.r values (7, 'd', 1, true) returning id)
    select from gone, more, less, also, last`);
  t.deepEqual(await standing(db.sql, 'team'), {
    'team:a': 2,
    'team:b': 2,
    'team:c': 1,
    'team:d': 1,
  });
  t.is(await numberOf(db.sql, 'open'), 5);
  await isExact(t, db.sql);
});

test('COPY counts every row in one delta for each number', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  const lines = Array.from({ length: 500 }, (_, i) => `${i}\tteam ${i % 2}\t${i % 3}\tt\n`);
  await copyIn(await db.client(), 'copy public.r from stdin', lines.join(''));
  t.is((await deltas(db)).length, 6);
  t.is(await numberOf(db.sql, 'all_rows'), 500);
  t.is(await numberOf(db.sql, 'team', 'team 1'), 250);
  await isExact(t, db.sql);
});

test('a rollback leaves nothing, and a savepoint undoes what came after it', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  const sql = sqlOf(await db.client());
  await sql(`begin; insert into public.r values (1, 'a', 1, true); rollback`);
  t.deepEqual(await numbers(db.sql), {});
  await sql(`
    begin;
    insert into public.r values (1, 'a', 1, true);
    savepoint s;
    insert into public.r values (2, 'a', 1, true);
    delete from public.r where id = 1;
    rollback to s;
    insert into public.r values (3, 'b', 1, true);
    release s`);
  t.deepEqual(await standing(sql, 'team'), { 'team:a': 1, 'team:b': 1 });
  await sql('commit');
  t.deepEqual(await standing(db.sql, 'team'), { 'team:a': 1, 'team:b': 1 });
});

test('TRUNCATE counts every row as gone, of several tables at once, and comes back with a rollback', async (t) => {
  const db = await testDatabase(t);
  await ranks(db);
  await db.sql(`
    create table public.s (id int);
    select tally.create_counter('s', 'public.s');
    insert into public.s select generate_series(1, 9);
    insert into public.r values (1, 'a', 5, true)`);
  await pulse(db.sql);
  const sql = sqlOf(await db.client());
  await sql(`begin; insert into public.s values (10); truncate public.r, public.s`);
  t.deepEqual(await standing(sql), {});
  await sql('rollback');
  t.deepEqual(await standing(db.sql, 's'), { s: 9 });
  await db.sql('truncate public.r, public.s; insert into public.s values (1)');
  t.deepEqual(await standing(db.sql), { s: 1 });
  await isExact(t, db.sql);
});
