import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  failure,
  finding,
  isExact,
  numberOf,
  numbers,
  sqlOf,
  standing,
} from '../../helpers/engine.js';

const MAX = '9223372036854775807';

test('a scope of 512 bytes is counted, and one of 513 is TL010 at the write', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int, k text);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  for (const [fits, tooLong] of [
    ['x'.repeat(512), 'x'.repeat(513)],
    ['ä'.repeat(256), `${'ä'.repeat(256)}x`],
    ['🐘'.repeat(128), `${'🐘'.repeat(128)}x`],
    ['\u0001'.repeat(512), '\u0001'.repeat(513)],
  ] as const) {
    await db.sql('insert into public.t values (1, $1)', [fits]);
    t.is(await numberOf(db.sql, 'kinds', fits), 1);
    for (const write of [
      'insert into public.t values (2, $1)',
      'update public.t set k = $1 where id = 1',
    ]) {
      const error = await failure(db.sql(write, [tooLong]), write);
      t.is(error.code, 'TL010');
      t.regex(error.message, /counter "kinds": a scope of 513 bytes is longer than 512/);
      t.truthy(error.hint);
    }
  }
  t.is(await numberOf(db.sql, 'rows'), 4);
  await db.sql('select tally.pulse()');
  await isExact(t, db.sql);
});

test('a row that was there with too long a scope keeps its counter unfilled, and can be removed', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (k text)');
  await db.sql(`insert into public.t values ($1), ('short')`, ['x'.repeat(5000)]);
  await db.sql(`select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  const error = await failure(db.sql(`select tally.fill('kinds')`));
  t.is(error.code, 'TL010');
  t.regex(error.message, /counter "kinds": a scope of 5000 bytes/);
  t.deepEqual(await numbers(db.sql), {});
  await db.sql(`delete from public.t where length(k) > 512`);
  await db.sql(`select tally.fill('kinds')`);
  t.deepEqual(await standing(db.sql), { 'kinds:short': 1 });
  await isExact(t, db.sql);
});

test('an amount beyond bigint hides that one number, harms no writer, and goes with its row', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text, size numeric);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('sum', 'public.t', amount => 'size');
    select tally.create_counter('sums', 'public.t', scope => 'k', amount => 'size', ranked => true)`);
  await db.sql(`insert into public.t values ('a', ${MAX}), ('b', 5), ('c', -5)`);
  t.is(await numberOf(db.sql, 'sums', 'b'), 5);
  const seen = { rows: 4, 'sums:b': 5, 'sums:c': -5 };
  for (const folded of [false, true]) {
    await db.sql(`insert into public.t values ('a', 1)`);
    if (folded) await db.sql('select tally.pulse()');
    t.deepEqual(await numbers(db.sql), seen);
    for (const read of ['value > 0', `value = 5`, `value % 5 = 0 and scope <> ''`, 'value <> 0']) {
      await t.notThrowsAsync(
        db.sql(`select * from tally.counters where ${read} order by value`),
        read,
      );
    }
    t.deepEqual(await db.sql(`select scope, value::int from tally.top('sums', 3)`), [
      { scope: 'b', value: 5 },
      { scope: 'c', value: -5 },
    ]);
    t.deepEqual(await db.sql('select * from tally.verify()'), []);
    if (folded) {
      const { status, detail } = await finding(db.sql, 'counter sums');
      t.is(status, 'fail');
      t.regex(detail, /beyond bigint, in scope "a"/);
    }
    await db.sql(`delete from public.t where size = 1`);
    t.is(
      (await db.sql(`select value from tally.counters where name = 'sums' and scope = 'a'`))[0]
        ?.value,
      MAX,
    );
  }
  await db.sql('select tally.pulse()');
  t.is((await finding(db.sql, 'counter sums')).status, 'ok');
  await isExact(t, db.sql);
});

test('amounts of every type may be of any size, and go as they came', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create domain public.big as numeric');
  await db.sql(`create table public.t (kind text, f float8, f4 real, n numeric, j jsonb, b public.big,
    i bigint, s smallint)`);
  for (const [name, amount] of Object.entries({
    float: 'f',
    real: 'f4',
    numeric: 'n',
    document: `j -> 'x'`,
    domain: 'b',
    integer: 'i',
    small: 's',
    none: 'null::int',
  })) {
    await db.sql(`select tally.create_counter($1, 'public.t', scope => 'kind', amount => $2)`, [
      name,
      amount,
    ]);
  }
  const huge = [
    ...[`'Infinity', 'Infinity', 'Infinity', '{"x": 1e300}', 'NaN', ${MAX}, 32767`],
    ...[`'-Infinity', 'NaN', '-Infinity', '{"x": -1e40}', 1e100, ${MAX}, -32768`],
    ...[`1e300, 1e30, 1e200, '{"y": 1}', null, null, null`],
    ...[`2.5, 2.5, 2.5, '{"x": 2.5}', 2.5, 2, 2`],
  ];
  for (const values of huge) {
    await t.notThrowsAsync(db.sql(`insert into public.t values ('x', ${values})`), values);
  }
  await db.sql('select tally.pulse()');
  await db.sql(`insert into public.t values ('fine', -2.5, 3.5, -2.5, '{"x": -2.5}', 0.4, 7, 8)`);
  const rounded = await db.sql<{ expected: string }>(`select jsonb_build_object('float', f::bigint,
    'real', f4::bigint, 'numeric', n::bigint, 'document', (j -> 'x')::bigint, 'domain', b::bigint,
    'integer', i, 'small', s)::text as expected from public.t where kind = 'fine'`);
  const fine = await db.sql<{ name: string; value: string }>(
    `select name, value from tally.counters where scope = 'fine' and value <> 0`,
  );
  const expected = Object.entries(JSON.parse(rounded[0]?.expected ?? '{}')).filter(
    ([, v]) => v !== 0,
  );
  t.deepEqual(
    Object.fromEntries(fine.map(({ name, value }) => [name, Number(value)])),
    Object.fromEntries(expected),
  );
  await db.sql('delete from public.t');
  await db.sql('select tally.pulse()');
  t.deepEqual(await standing(db.sql), {});
  await isExact(t, db.sql);
});

test('repair stays exact while writers go on', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int generated always as identity, k int);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  await db.sql('alter table public.t disable trigger user');
  await db.sql('insert into public.t (k) select i % 5 from generate_series(1, 1000) i');
  await db.sql('alter table public.t enable trigger user');
  let writing = true;
  const writers = [0, 1, 2].map(async (seed) => {
    const sql = sqlOf(await db.client());
    for (let n = seed; writing; n += 1) {
      if (n % 7 === 0) await sql('begin; insert into public.t (k) values (1); rollback');
      await sql('insert into public.t (k) values ($1), ($1)', [n % 5]);
      await sql('update public.t set k = (k + 1) % 5 where id = $1', [1 + ((n * 37) % 900)]);
      await sql('delete from public.t where id = $1', [1 + ((n * 91) % 900)]);
      if (n % 5 === 0) await sql('select tally.pulse()');
    }
  });
  for (let round = 0; round < 6; round += 1) await db.sql('select * from tally.repair()');
  writing = false;
  await Promise.all(writers);
  await isExact(t, db.sql);
  const [row] = await db.sql<{ rows: number }>('select count(*)::int as rows from public.t');
  t.is(await numberOf(db.sql, 'rows'), row?.rows);
});

test('an amount beyond bigint harms no writer where its type is a domain over a domain', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`
    create domain public.exact as numeric;
    create domain public.price as public.exact;
    create domain public.rough as float8;
    create domain public.share as public.rough;
    create table public.t (price public.price, share public.share);
    select tally.create_counter('prices', 'public.t', amount => 'price');
    select tally.create_counter('shares', 'public.t', amount => 'share')`);
  await sql(`insert into public.t values (1e20, 1), (1, 'NaN')`);
  t.deepEqual(await sql('select name from tally.counters'), []);
  await sql(`delete from public.t where price > 1 or share = 'NaN'`);
  await sql('insert into public.t values (2.5, 2.5)');
  t.deepEqual(await sql('select name, value::int from tally.counters order by name'), [
    { name: 'prices', value: 3 },
    { name: 'shares', value: 2 },
  ]);
});
