import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  failure,
  finding,
  isExact,
  numbers,
  type Sql,
  sqlOf,
  standing,
} from '../../helpers/engine.js';

const NORM = `create schema app;
  create function app.norm(text) returns text immutable language sql as 'select lower($1)';
  create table app.t (id int primary key, s text)`;

const PARTS = {
  scope: `scope => 'app.norm(s)'`,
  filter: `filter => $$app.norm(s) <> ''$$`,
  'filter beside a scope': `scope => 's', filter => $$app.norm(s) <> ''$$`,
  'amount beside a scope': `scope => 's', amount => 'length(app.norm(s))'`,
};

async function stateOf(sql: Sql, name: string): Promise<string | undefined> {
  const [row] = await sql<{ state: string }>(
    'select state from tally.counter_definitions where name = $1',
    [name],
  );
  return row?.state;
}

for (const [part, words] of Object.entries(PARTS)) {
  test(`a right that is revoked stops the counter whose ${part} needs it, and no write`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await sql(NORM);
    await sql(`select tally.create_counter('c', 'app.t', ${words})`);
    await sql(`select tally.create_counter('rows', 'app.t', scope => '1')`);
    const writer = sqlOf(await client());
    await writer(`insert into app.t values (1, 'A')`);
    await sql('revoke execute on all functions in schema app from public');
    for (const change of [
      `insert into app.t values (2, 'B'), (3, 'B')`,
      `update app.t set s = 'C' where id = 2`,
      `delete from app.t where id = 3`,
    ]) {
      await writer(change);
    }
    t.deepEqual(await numbers(sql), { 'rows:1': 2 });
    t.is(await stateOf(sql, 'c'), 'filling');
    const { status, detail, remedy } = await finding(sql, 'counter c');
    t.is(status, 'fail');
    t.regex(detail, /permission denied for function norm/);
    t.regex(remedy ?? '', /grant execute on function … to tally_owner;/);
    for (const care of ['fill', 'repair']) {
      const error = await failure(sql(`select tally.${care}('c')`), care);
      t.is(error.code, 'TL013', error.message);
      t.regex(error.message, /counter "c" cannot be counted: permission denied for function norm/);
      t.regex(error.hint ?? '', /grant execute on function/);
    }
    await sql('grant execute on all functions in schema app to tally_owner');
    await sql('select tally.fill()');
    await writer(`insert into app.t values (4, 'D')`);
    await isExact(t, sql);
    t.is((await finding(sql, 'counter c')).status, 'ok');
  });
}

test('a function that another one calls may be renamed: the counter stops, and no write', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create schema app;
    create function app.helper(int) returns boolean immutable language sql as 'select $1 > 1';
    create function app.counts(i int) returns boolean immutable language plpgsql
      as 'begin return i < 9 and app.helper(i); end';
    create table app.t (id int primary key, s text)`);
  await sql(`select tally.create_counter('plain', 'app.t', 'app.counts(id)');
    select tally.create_counter('scoped', 'app.t', 'app.counts(id)', 's');
    select tally.create_counter('rows', 'app.t', scope => 's')`);
  await sql(`insert into app.t values (1, 'a'), (2, 'a'), (3, 'b')`);
  await sql('alter function app.helper(int) rename to aid');
  const writer = sqlOf(await client());
  // The first row is one for which the function does not get as far as that.
  await writer(`insert into app.t values (9, 'a'), (4, 'b')`);
  await writer('delete from app.t where id = 3');
  t.deepEqual(await numbers(sql), { 'rows:a': 3, 'rows:b': 1 });
  await sql('alter function app.aid(int) rename to helper');
  await sql('select tally.fill()');
  await writer(`insert into app.t values (5, 'c')`);
  t.deepEqual(await standing(sql), {
    plain: 3,
    'rows:a': 3,
    'rows:b': 1,
    'rows:c': 1,
    'scoped:a': 1,
    'scoped:b': 1,
    'scoped:c': 1,
  });
  await isExact(t, sql);
});

for (const [language, rows, body] of [
  ['plpgsql', '', 'begin return helper(i); end'],
  ['plpgsql', `insert into app.t values (1, 'a')`, 'begin return i > 0 and helper(i); end'],
  ['sql', '', 'select helper(i)'],
] as const) {
  const where = rows === '' ? 'an empty table' : 'rows that are there';
  test(`a ${language} function that needs the DBA’s search_path is TL004, on ${where}`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await sql(`create schema app;
      create function app.helper(int) returns boolean immutable language sql as 'select $1 > 1';
      create table app.t (id int primary key, s text)`);
    await sql(rows);
    const dba = sqlOf(await client());
    await dba('set search_path = app');
    await dba(`create function counts(i int) returns boolean immutable language ${language}
      as $$${body}$$`);
    for (const scope of ['null', `'s'`]) {
      const error = await failure(
        dba(`select tally.create_counter('c', 'app.t', 'counts(id)', ${scope})`),
      );
      t.is(error.code, 'TL004', error.message);
      t.regex(error.message, /counter "c" cannot be evaluated .*helper\(integer\)/);
      t.regex(error.hint ?? '', /search_path is pinned/);
    }
    await dba('alter function counts(int) set search_path = app');
    await dba(`select tally.create_counter('c', 'app.t', 'counts(id)')`);
    await dba('select tally.fill()');
    await dba(`insert into app.t values (2, 'a')`);
    t.deepEqual(await numbers(sql), { c: 1 });
  });
}

test('a row that an expression raises on is refused with the counter’s name', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.t (id int, n int)');
  await sql(`select tally.create_counter('rows', 'public.t');
    select tally.create_counter('shares', 'public.t', amount => '10 / n')`);
  const error = await failure(sql('insert into public.t values (1, 0)'));
  t.is(error.code, '22012');
  t.is(error.message, 'division by zero');
  t.regex(error.detail ?? '', /Counter "shares" evaluates its filter, scope and amount/);
  t.regex(error.hint ?? '', /Correct the row/);
  t.deepEqual(await numbers(sql), {});
});

for (const [where, made, value] of [
  ['an array', '(k::app.d[])::text', ['{a}', '{x}']],
  ['a row', '(k::app.c)::text', ['(a)', '(x)']],
] as const) {
  test(`what the check of a domain within ${where} uses is dropped: its counter stops, and no write`, async (t) => {
    const { sql } = await testDatabase(t);
    await sql(`create schema app; create table app.helper (v text);
      create function app.ok(v text) returns bool language plpgsql immutable as $$
        begin
          if v = 'x' then return exists (select from app.helper) or true; end if;
          return true;
        end $$;
      create domain app.d as text check (app.ok(value));
      create type app.c as (a app.d);
      create table app.t (id int, k text);
      select tally.create_counter('made', 'app.t', scope => '${made}');
      select tally.create_counter('rows', 'app.t');
      drop table app.helper`);
    await sql(`insert into app.t values (1, '${value[0]}'), (2, '${value[1]}')`);
    t.deepEqual(await numbers(sql), { rows: 2 });
    t.is(await stateOf(sql, 'made'), 'filling');
  });
}
