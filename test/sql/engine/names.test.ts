import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { isExact, numbers, standing } from '../../helpers/engine.js';

/** Words that the generated functions use themselves, and words that need quotes. */
const COLUMNS = [
  ...['r', 'k', 'd', 'n', 'o', 'counter', 'counters', 'scope', 'amount', 'counted', 'delta', 'xid'],
  ...['v_1', 'v_2', 'v_deltas', 'v_counter', 'v_statement', 'tally_new', 'tally_old', 'tally_sign'],
  ...['tally_generated', 'tally_expression', 'name', 'value', 'new', 'old', 'tg_op', 'found'],
  ...['select', 'Mixed Case', 'quo"ted', "apo'strophe", 'per%cent', 'back\\slash', 'ünïcode', '$1'],
];

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function writeAllWays(db: TestDatabase, table: string, column: string): Promise<void> {
  await db.sql(`insert into ${table} values (1), (2), (2), (3), (null)`);
  await db.sql(`update ${table} set ${column} = ${column} + 1 where ${column} = 3`);
  await db.sql(`delete from ${table} where ${column} = 1`);
}

test('a column of any name can be filtered, scoped and summed', async (t) => {
  const db = await testDatabase(t);
  for (const [index, name] of COLUMNS.entries()) {
    const [table, column] = [`public.t${index}`, quoted(name)];
    await db.sql(`create table ${table} (${column} int)`);
    await db.sql(`select tally.create_counter('plain${index}', '${table}', $1, amount => $2)`, [
      `${column} > 0`,
      column,
    ]);
    await t.notThrowsAsync(writeAllWays(db, table, column), name);
    await db.sql(`select tally.create_counter('scoped${index}', '${table}', $1, $2, $3)`, [
      `${column} > 0`,
      column,
      column,
    ]);
    await t.notThrowsAsync(writeAllWays(db, table, column), name);
    await db.sql('call tally.tick()');
    t.deepEqual(await numbers(db.sql, `plain${index}`), { [`plain${index}`]: 16 }, name);
    const scoped = `scoped${index}`;
    t.deepEqual(await standing(db.sql, scoped), { [`${scoped}:2`]: 8, [`${scoped}:4`]: 8 }, name);
  }
  await isExact(t, db.sql);
});

test('a table and a schema of any name can be counted', async (t) => {
  const db = await testDatabase(t);
  const places = [
    ['public', 'Mixed Case'],
    ['Some "Schema"', 'select'],
    ['public', "it's"],
    ['public', 'tally_amount'],
    ['public', 'per%cent'],
    ['ünï', 'çödé'],
    ['public', 'x'.repeat(63)],
    ['s'.repeat(63), 'y'.repeat(63)],
    ['public', 'tally_new'],
    ['public', 'counter'],
  ] as const;
  for (const [index, [schema, table]] of places.entries()) {
    const source = `${quoted(schema)}.${quoted(table)}`;
    await db.sql(`create schema if not exists ${quoted(schema)}`);
    await db.sql(`create table ${source} (id int)`);
    await db.sql(`select tally.create_counter('c${index}', $1, 'id > 0', 'id', 'id')`, [source]);
    await writeAllWays(db, source, 'id');
    t.deepEqual(await standing(db.sql, `c${index}`), {
      [`c${index}:2`]: 4,
      [`c${index}:4`]: 4,
    });
  }
  await isExact(t, db.sql);
});

test('two tables whose names fall together have functions of their own', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create schema a; create schema a_b; create schema "A"');
  const long = 'z'.repeat(62);
  const tables = ['a.b_c', 'a_b.c', '"A".b_c', 'a."b-c"', 'a."b c"', `a.${long}`, `a.${long}1`];
  for (const [index, table] of tables.entries()) {
    await db.sql(`create table ${table} (id int)`);
    await db.sql(`select tally.create_counter('c${index}', $1, 'id > ${index}')`, [table]);
  }
  for (const table of tables) await db.sql(`insert into ${table} select generate_series(1, 10)`);
  const expected = Object.fromEntries(tables.map((_, index) => [`c${index}`, 10 - index]));
  t.deepEqual(await numbers(db.sql), expected);
  await db.sql(`select tally.drop_counter('c0')`);
  await db.sql(`delete from a_b.c`);
  t.like(await numbers(db.sql), { c1: 0, c2: 8 });
});

test('columns that were dropped, added and moved since do no harm', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (gone int, id int, k text, also_gone text)');
  await db.sql('alter table public.t drop column gone, drop column also_gone');
  await db.sql(`select tally.create_counter('c', 'public.t', 'id > 0', 'k', 'id')`);
  await db.sql(`insert into public.t values (1, 'x')`);
  await db.sql('alter table public.t add column gone text, add column late int default 5');
  await db.sql(`insert into public.t (id, k) values (2, 'x')`);
  await db.sql('update public.t set id = id + 1');
  await db.sql('alter table public.t drop column late');
  await db.sql(`delete from public.t where id = 2`);
  t.deepEqual(await numbers(db.sql), { 'c:x': 3 });
  await isExact(t, db.sql);
});

test('a table goes on counting under another name and in another schema', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int)');
  await db.sql(`select tally.create_counter('c', 'public.t', 't.id > 0')`);
  await db.sql('insert into public.t values (1); alter table public.t rename to u');
  await db.sql('insert into public.u values (1); create schema app');
  await db.sql('alter table public.u set schema app; insert into app.u values (1)');
  t.deepEqual(await numbers(db.sql), { c: 3 });
  await db.sql('create table public.t (id int); insert into public.t values (1)');
  t.deepEqual(await numbers(db.sql), { c: 3 });
  await db.sql(`select tally.drop_counter('c')`);
  await db.sql('delete from app.u');
  t.deepEqual(await numbers(db.sql), {});
});

test('partitions are made of a table whatever it is called', async (t) => {
  const { sql } = await testDatabase(t);
  for (const name of [`it's`, 'per%cent %s', 'quo"ted', 'two\nlines']) {
    const table = `"sch'ema %L".${quoted(name)}`;
    await sql(`create schema if not exists "sch'ema %L";
      create table ${table} (at timestamptz not null) partition by range (at)`);
    await sql('select tally.ensure_partitions($1)', [table]);
    await t.notThrowsAsync(sql(`insert into ${table} values (now())`), name);
  }
});

test('rules are made for a table and columns whose names have line breaks', async (t) => {
  const { sql } = await testDatabase(t);
  const [table, column] = [`public."two\nlines\r; oops"`, `"at\n; oops"`];
  await sql(`create table ${table} (${column} timestamptz not null, open boolean default true)
    partition by range (${column})`);
  await sql('select tally.ensure_partitions($1)', [table]);
  await sql(`select tally.create_expiry('e', $1, $2, 'open', 'open = false')`, [table, column]);
  await sql(`select tally.create_retention('r', $1, $2, '1 second')`, [table, column]);
  await sql(`select tally.create_counter('c', $1, scope => $2)`, [table, column]);
  await sql(`insert into ${table} values (now())`);
  t.deepEqual(await sql('select tally.expire_due()::int as n'), [{ n: 1 }]);
  t.deepEqual(await sql(`select rows::int from tally.clean_up(keep => '0')`), [{ rows: 1 }]);
  t.deepEqual(await sql('select * from tally.attach()'), []);
});
