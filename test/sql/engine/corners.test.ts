import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  failure,
  finding,
  isExact,
  numbers,
  pulse,
  sqlOf,
  standing,
} from '../../helpers/engine.js';

test('sums of the largest numerics stop neither a pulse, nor a read, nor a write', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (n numeric); create table public.u (n int)');
  await sql(`select tally.create_counter('big', 'public.t', amount => 'n')`);
  await sql(`select tally.create_counter('other', 'public.u')`);
  await sql('insert into public.u values (1)');
  for (let i = 0; i < 3; i += 1) await sql('insert into public.t values (9e131071)');
  t.true((await pulse(sql)).folded > 0);
  t.deepEqual(await numbers(sql), { other: 1 });
  await sql('delete from public.t; insert into public.t values (4)');
  t.deepEqual(await numbers(sql), { big: 4, other: 1 });
});

test('a schema or an enum label that an expression names may be renamed: writes go on', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create schema ext;
    create function ext.yes(text) returns boolean immutable language sql as 'select true';
    create type public.state as enum ('pending', 'done');
    create table public.t (s text, e public.state)`);
  await sql(`select tally.create_counter('f', 'public.t', 'ext.yes(s)')`);
  await sql(`select tally.create_counter('e', 'public.t', $$e = 'pending'$$)`);
  await sql(`select tally.create_counter('all_rows', 'public.t')`);
  await sql(`alter schema ext rename to ext2;
    alter type public.state rename value 'pending' to 'waiting'`);
  const fresh = sqlOf(await client());
  await fresh(`insert into public.t values ('x', 'done')`);
  t.deepEqual(await numbers(sql), { all_rows: 1 });
  await sql(`alter schema ext2 rename to ext;
    alter type public.state rename value 'waiting' to 'pending'`);
  await sql('select tally.fill()');
  await isExact(t, sql);
});

test('a writer with standard_conforming_strings off counts by the same filter', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql('create table public.t (s text)');
  await sql(`select tally.create_counter('c', 'public.t', $$s like 'a\\_b'$$)`);
  const writer = sqlOf(await client());
  await writer('set standard_conforming_strings = off');
  await writer(`insert into public.t values ('a_b'), ('axb')`);
  t.deepEqual(await numbers(sql), { c: 1 });
  await isExact(t, sql);
});

test('a column called found or r, renamed away, is missed and not taken for something else', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (found boolean, r text)');
  await sql(`select tally.create_counter('f', 'public.t', 'found')`);
  await sql(`select tally.create_counter('r', 'public.t', scope => 'r')`);
  await sql(`insert into public.t values (true, 'a')`);
  await sql('alter table public.t rename found to is_found; alter table public.t rename r to rr');
  await sql(`insert into public.t values (false, 'b')`);
  t.deepEqual(await numbers(sql), {});
});

test('a MERGE that moves rows is noticed beside an UPDATE that moves another table’s', async (t) => {
  const { sql } = await testDatabase(t);
  for (const name of ['a', 'b']) {
    await sql(`create table public.${name} (id int, k int) partition by list (k);
      create table public.${name}_1 partition of public.${name} for values in (1);
      create table public.${name}_2 partition of public.${name} for values in (2)`);
    await sql(`select tally.create_counter('${name}', 'public.${name}', scope => 'k')`);
    await sql(`insert into public.${name} select g, 1 from generate_series(1, 5) g`);
  }
  await sql(`with u as (update public.b set k = 2 where id < 4 returning id)
    merge into public.a using u on a.id = u.id when matched then update set k = 2`);
  t.deepEqual(await standing(sql), { 'b:1': 2, 'b:2': 3 });
  await sql('call tally.tick()');
  t.deepEqual(await standing(sql), { 'a:1': 2, 'a:2': 3, 'b:1': 2, 'b:2': 3 });
  await isExact(t, sql);
});

test('TRUNCATE of a root counts a partition that has no triggers yet', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (k int) partition by list (k);
    create table public.p1 partition of public.p for values in (1)`);
  await sql(`select tally.create_counter('c', 'public.p')`);
  await sql('create table public.p2 partition of public.p for values in (2)');
  await sql('insert into public.p values (1), (2), (2)');
  await sql('truncate public.p');
  t.deepEqual(await numbers(sql), { c: 0 });
});

test('what a trigger of the application puts into a table that is truncated is counted', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.t (id int);
    create function public.reseed() returns trigger language plpgsql as $$
      begin insert into public.t values (0); return null; end $$;
    create trigger "001_reseed" after truncate on public.t
      for each statement execute function public.reseed()`);
  await sql(`select tally.create_counter('c', 'public.t')`);
  await sql('insert into public.t values (1), (2); truncate public.t');
  t.deepEqual(await numbers(sql), { c: 1 });
  await isExact(t, sql);
});

test('a source that becomes a parent, or unlogged, shows no number any more', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.parent (id int); create table public.light (id int)');
  await sql(`select tally.create_counter('p', 'public.parent')`);
  await sql(`select tally.create_counter('l', 'public.light')`);
  await sql('insert into public.parent values (1); insert into public.light values (1)');
  await sql('create table public.child () inherits (public.parent)');
  await sql('alter table public.light set unlogged');
  t.deepEqual(await numbers(sql), {});
  await sql('drop table public.child; alter table public.light set logged');
  t.deepEqual(await numbers(sql), { l: 1, p: 1 });
});

/** What makes a counted table unfit, what no trigger of it sees meanwhile, and what undoes it. */
const UNFIT: Readonly<Record<string, readonly [string, string, string]>> = {
  'a child by inheritance': [
    'alter table public.t inherit public.other',
    'delete from public.other where id < 3',
    'alter table public.t no inherit public.other',
  ],
  'a parent by inheritance': [
    'insert into public.other values (1), (2); alter table public.other inherit public.t',
    'delete from public.t where id < 3',
    'alter table public.other no inherit public.t',
  ],
  'a partition': [
    'alter table public.root attach partition public.t default',
    'insert into public.root values (4), (5)',
    'alter table public.root detach partition public.t',
  ],
  unlogged: [
    'alter table public.t set unlogged',
    'alter table public.t disable trigger user; delete from public.t; alter table public.t enable trigger user',
    'alter table public.t set logged',
  ],
};

for (const [what, [make, write, undo]] of Object.entries(UNFIT)) {
  test(`a table that was ${what} for a while shows no number before it is filled again`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql(`create table public.t (id int); create table public.other (id int);
      create table public.root (id int) partition by list (id)`);
    await sql(`select tally.create_counter('c', 'public.t')`);
    await sql('insert into public.t values (1), (2), (3)');
    await sql(make);
    await sql('select tally.fill()');
    t.is((await failure(sql(`select tally.fill('c')`))).code, 'TL003');
    await sql(write);
    await sql(undo);
    t.deepEqual(await numbers(sql), {});
    await sql(`select tally.fill('c')`);
    await isExact(t, sql);
  });
}

test('the work notices a source that cannot be counted, and a column that is gone', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql('create table public.t (id int, k text); create table public.u (id int)');
  await sql(`select tally.create_counter('k', 'public.t', scope => 'k')`);
  await sql(`select tally.create_counter('u', 'public.u')`);
  await sql(`insert into public.t values (1, 'a'); insert into public.u values (1)`);
  await sql('alter table public.t rename column k to kind; alter table public.u set unlogged');
  await (await client()).query('select * from tally.work()');
  await sql('alter table public.u set logged');
  t.deepEqual(await numbers(sql), {});
  await sql('alter table public.t rename column kind to k');
  await sql(`select tally.fill('k'), tally.fill('u')`);
  t.deepEqual(await numbers(sql), { 'k:a': 1, u: 1 });
});

test('a table that a crash emptied while it was unlogged is named by the doctor', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (id int)');
  await sql(`select tally.create_counter('c', 'public.t')`);
  await sql('insert into public.t values (1)');
  await sql('alter table public.t disable trigger user; truncate public.t');
  const { status, detail } = await finding(sql, 'counter c');
  t.is(status, 'warn');
  t.regex(detail, /is empty/);
  await sql(`select * from tally.repair('c')`);
  t.is((await finding(sql, 'counter c')).status, 'ok');
});

for (const [what, part, expression] of [
  ['a time read from text', 'scope', 's::timestamptz'],
  ['an object shown by its name', 'scope', 'o::regclass::text'],
] as const) {
  test(`${what} is refused: it may change while the row does not`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql('create table public.t (s text, o oid)');
    const refused = sql(`select tally.create_counter('c', 'public.t', ${part} => $1)`, [
      expression,
    ]);
    t.is((await failure(refused)).code, 'TL004');
  });
}

test('what changed since the first of two failures is announced when the counter is whole again', async (t) => {
  const { sql, client } = await testDatabase(t);
  const heard: string[] = [];
  const listener = await client();
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query('listen tally');
  await sql('create table public.t (id int, s text)');
  await sql(`select tally.create_counter('c', 'public.t', scope => 's')`);
  const stop = `begin isolation level repeatable read; truncate public.t; commit`;
  await sql(stop);
  await sql('revoke select on public.t from tally_owner');
  await sql(`insert into public.t values (1, 'x')`);
  await sql('select tally.pulse()');
  await sql(stop);
  await sql(`insert into public.t values (1, 'y')`);
  await sql('select tally.work()');
  await sql('grant select on public.t to tally_owner');
  await sql('update tally.definitions set fill_again_at = null');
  await sql('call tally.tick()');
  await listener.query('select 1');
  t.true(heard.some((payload) => payload.includes('["c","x",0]')));
  t.true(heard.some((payload) => payload.includes('["c","y",1]')));
});

for (const filter of [
  `ts < 'now'`,
  `ts < timestamptz ' Tomorrow '`,
  `day = any ('{today,2020-01-01}')`,
  `ts <@ '[yesterday,infinity)'::tstzrange`,
]) {
  test(`${filter} is refused: the word would stay the time of the declaration`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql('create table public.t (ts timestamptz, day date)');
    const error = await failure(sql(`select tally.create_counter('c', 'public.t', $1)`, [filter]));
    t.is(error.code, 'TL004');
    t.regex(error.message, /its filter cannot be used: it says now, today, tomorrow or yesterday/);
  });
}

test('now as a text, and times that stay, are no such words', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create type public.state as enum ('now', 'later');
    create table public.t (ts timestamptz, today date, k text, state public.state)`);
  await sql(
    `select tally.create_counter('c', 'public.t', $$k = 'now' and state = 'now'
       and ts > '2020-01-01' and today between 'epoch' and 'infinity'$$)`,
  );
  await sql(`insert into public.t values ('2021-01-01', '2021-01-01', 'now', 'now')`);
  t.deepEqual(await numbers(sql), { c: 1 });
});

test('a column that is added later may have any name', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (id int, k text)');
  await sql(`select tally.create_counter('fixed', 'public.t', scope => $$'k'$$)`);
  await sql(`insert into public.t values (1, 'a')`);
  await sql('alter table public.t add column tally_sign int');
  await sql('update public.t set id = id + 1');
  await sql(`select tally.create_counter('k', 'public.t', scope => 'k')`);
  await sql('alter table public.t add column tally_sign_ int');
  await sql(`update public.t set k = 'b'; select tally.fill()`);
  t.deepEqual(await standing(sql), { 'fixed:k': 1, 'k:b': 1 });
  t.is((await finding(sql, 'trigger functions of public.t')).status, 'ok');
});
