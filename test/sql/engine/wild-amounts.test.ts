import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  finding,
  isExact,
  numbers,
  pulse,
  type Sql,
  sqlOf,
  standing,
} from '../../helpers/engine.js';

async function errorOf(sql: Sql, name: string): Promise<unknown> {
  const [row] = await sql('select state, error from tally.counter_definitions where name = $1', [
    name,
  ]);
  return row;
}

test('an amount whose column becomes numeric is rounded row by row, and of any size', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql('create table public.t (id int primary key, z int); create table public.u (n int)');
  await sql(`select tally.create_counter('sum', 'public.t', amount => 'z')`);
  await sql(`select tally.create_counter('other', 'public.u')`);
  const writer = sqlOf(await client());
  await writer('insert into public.t values (1, 1)');
  await sql('alter table public.t alter z type numeric');
  await writer('insert into public.t values (2, 0.5), (3, 0.5)');
  t.deepEqual(await numbers(sql), { sum: 3 });
  await sql(`select tally.create_counter('again', 'public.t', amount => 'z')`);
  await sql('select tally.fill()');
  t.deepEqual(await numbers(sql), { again: 3, sum: 3 });
  for (const id of [4, 5]) await writer('insert into public.t values ($1, 9e131071)', [id]);
  await sql('insert into public.u values (1)');
  t.true((await pulse(sql)).folded > 0);
  t.deepEqual(await numbers(sql), { other: 1 });
  await writer('delete from public.t where id > 3');
  t.deepEqual(await numbers(sql), { again: 3, other: 1, sum: 3 });
  await isExact(t, sql);
});

for (const [type, wild] of [
  ['float8', 'NaN'],
  ['float4', 'Infinity'],
  ['text', '5'],
  ['bigint', '9223372036854775807'],
] as const) {
  test(`an amount whose column becomes ${type} goes on, and ${wild} goes as it came`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await sql('create table public.t (k text, z int)');
    await sql(`select tally.create_counter('sum', 'public.t', amount => 'z')`);
    await sql(`select tally.create_counter('sums', 'public.t', scope => 'k', amount => 'z')`);
    const writer = sqlOf(await client());
    await writer(`insert into public.t values ('a', 1)`);
    await sql(`alter table public.t alter z type ${type}`);
    await writer(`insert into public.t values ('a', $1)`, [wild]);
    await sql('select tally.pulse()');
    await isExact(t, sql);
    await writer(`delete from public.t where z = $1`, [wild]);
    t.deepEqual(await standing(sql), { sum: 1, 'sums:a': 1 });
    await isExact(t, sql);
  });
}

for (const wild of ['NaN', 'Infinity', '-Infinity', '1e131071', '-9e131071']) {
  test(`a delta of ${wild} takes its own counter out of service until it is repaired`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql('create table public.t (k text, z int); create table public.u (n int)');
    await sql(`select tally.create_counter('sums', 'public.t', scope => 'k', amount => 'z',
      ranked => true)`);
    await sql(`select tally.create_counter('other', 'public.u')`);
    await sql(`insert into public.t values ('a', 1), ('b', 2); insert into public.u values (1)`);
    const spoil = (counter = 'sums') =>
      sql(
        `insert into tally.deltas (counter, scope, delta)
         select tally.counter_id($1), 'a', $2::numeric from generate_series(1, 20)`,
        [counter, wild],
      );
    const shown = { other: 1, 'sums:b': 2 };
    await spoil();
    for (const folded of [false, true]) {
      if (folded) t.true((await pulse(sql)).folded > 0);
      t.deepEqual(await numbers(sql), shown);
      t.like(await errorOf(sql, 'sums'), {
        state: 'filled',
        error: 'a number beyond bigint, in scope "a": it is not shown',
      });
      const { status, remedy } = await finding(sql, 'counter sums');
      t.is(status, 'fail');
      t.regex(remedy ?? '', /tally\.repair\('sums'\)/);
      t.deepEqual(await sql(`select scope from tally.top('sums', 3)`), [{ scope: 'b' }]);
      t.deepEqual(await sql(`select tally.values_of(array['sums'], array['a', 'b'])::text as v`), [
        { v: '{NULL,2}' },
      ]);
      t.deepEqual(
        await sql(`select state, json from tally.read_topics(array['sums', 'other'], array['a', ''])
          order by pos`),
        [
          { state: 'overflow', json: null },
          { state: 'ready', json: '1' },
        ],
      );
    }
    await spoil();
    await sql(`select tally.repair('sums')`);
    await sql('select tally.pulse()');
    t.deepEqual(await numbers(sql), { ...shown, 'sums:a': 1 });
    t.is((await finding(sql, 'counter sums')).status, 'ok');
    await isExact(t, sql);
    await sql(`update tally.totals set value = 'NaN', ranking = 'NaN' where scope = 'a'`);
    await sql(`select tally.repair()`);
    await sql('select tally.pulse()');
    t.deepEqual(await numbers(sql), { ...shown, 'sums:a': 1 });

    await spoil();
    await sql(`select tally.drop_counter('sums')`);
    t.true((await pulse(sql)).folded > 0);
    t.deepEqual(await numbers(sql), { other: 1 });
  });
}

test('a number beyond bigint is told before the pulse has folded it', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (k text, z numeric)');
  await sql(`select tally.create_counter('sums', 'public.t', scope => 'k', amount => 'z')`);
  await sql(`insert into public.t values ('a', 9e18), ('b', 1)`);
  t.like(await errorOf(sql, 'sums'), { state: 'filled', error: null });
  await sql(`insert into public.t values ('a', 9e18)`);
  for (const folded of [false, true]) {
    if (folded) await sql('select tally.pulse()');
    t.regex(JSON.stringify(await errorOf(sql, 'sums')), /beyond bigint, in scope/);
    const { status, remedy } = await finding(sql, 'counter sums');
    t.is(status, 'fail');
    t.regex(remedy ?? '', /comes back by itself/);
  }
  await sql(`delete from public.t where k = 'a'`);
  t.like(await errorOf(sql, 'sums'), { state: 'filled', error: null });
  t.is((await finding(sql, 'counter sums')).status, 'ok');
});
