import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers } from '../../helpers/engine.js';

const LIBRARY = `
  create schema lib;
  create type lib.state as enum ('open', 'closed');
  create domain lib.size as bigint check (value >= 0);
  create domain lib.label as text;
  create type lib.place as (city text, zip int);
  create function lib.is_open(lib.state) returns boolean immutable language sql
    as $$ select $1 = 'open'::lib.state $$;
  create function lib.same(text, text) returns boolean immutable language plpgsql
    as $$ begin return lower($1) = lower($2); end $$;
  create operator lib.=== (leftarg = text, rightarg = text, function = lib.same);
  create function lib.lower(text) returns text immutable language sql as $$ select 'mine: ' || $1 $$;
  create schema app;
  create table app.t (id int, state lib.state, size lib.size, label lib.label, place lib.place,
    tags text[], doc jsonb)`;

const ROW = `insert into app.t values
  (1, 'open', 5, 'Ab', ('Bern', 3000), '{x,y}', '{"kind": "k", "n": 7, "deep": {"a": [1, 2]}}'),
  (2, 'closed', 6, 'aB', ('Rome', 118), '{}', '{"kind": null}')`;

type Counter = readonly [
  name: string,
  filter: string | null,
  scope: string | null,
  amount: string | null,
];

const COUNTERS: readonly Counter[] = [
  ['by_function', 'is_open(state)', null, null],
  ['by_enum', `state = 'open'`, 'state', null],
  ['by_operator', `label === 'AB'`, null, null],
  ['by_own_lower', null, 'lower(label)', null],
  ['by_domain', 'size > 5', null, 'size'],
  ['by_field', '(place).zip > 999', '(place).city', '(place).zip'],
  ['by_array', `'x' = any (tags)`, 'tags[1]', 'cardinality(tags)'],
  ['by_document', null, `doc ->> 'kind'`, `(doc ->> 'n')::int`],
  ['by_path', `doc @? '$.deep.a[*] ? (@ > 1)'`, `doc #>> '{deep,a,1}'`, null],
];

const EXPECTED = {
  by_function: 1,
  'by_enum:open': 1,
  by_operator: 2,
  'by_own_lower:mine: Ab': 1,
  'by_own_lower:mine: aB': 1,
  by_domain: 6,
  'by_field:Bern': 3000,
  'by_array:x': 2,
  'by_document:k': 7,
  'by_path:2': 1,
};

for (const usage of ['everybody', 'its owner alone']) {
  test(`functions, operators and types of a schema that ${usage} may use can be counted by`, async (t) => {
    const db = await testDatabase(t);
    await db.sql(LIBRARY);
    if (usage === 'everybody') await db.sql('grant usage on schema lib, app to public');
    const dba = await db.client();
    await dba.query('set search_path = app, lib, pg_catalog');
    for (const counter of COUNTERS) {
      await dba.query('select tally.create_counter($1, $$app.t$$, $2, $3, $4)', [...counter]);
    }
    await db.sql(ROW);
    t.deepEqual(await numbers(db.sql), EXPECTED);
    await isExact(t, db.sql);
    await db.sql('update app.t set id = id + 1; delete from app.t');
    t.true(Object.values(await numbers(db.sql)).every((value) => value === 0));
  });
}

test('a writer’s search_path changes nothing of what is counted', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create schema evil;
    create function evil.lower(text) returns text immutable language sql as $$ select 'evil' $$;
    create table public.t (k text);
    create table evil.deltas (xid int); create table evil.tally_new (k text);
    select tally.create_counter('c', 'public.t', scope => 'lower(k)')`);
  const writer = await db.client();
  await writer.query('set search_path = evil, pg_temp, public, pg_catalog');
  await writer.query('create temporary table deltas (counter int)');
  await writer.query(`insert into public.t values ('X')`);
  t.deepEqual(await numbers(db.sql), { 'c:x': 1 });
});

test('generated columns are counted by their values, stored or virtual', async (t) => {
  const db = await testDatabase(t);
  const [row] = await db.sql<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  const kinds = (row?.version ?? 0) >= 180_000 ? ['stored', 'virtual'] : ['stored'];
  for (const kind of kinds) {
    const table = `public.t_${kind}`;
    await db.sql(`create table ${table} (a int, twice int generated always as (a * 2) ${kind},
      label text generated always as (case when a > 5 then 'big' else 'small' end) ${kind})`);
    await db.sql(`select tally.create_counter('sum_${kind}', '${table}', amount => 'twice')`);
    await db.sql(`select tally.create_counter('by_${kind}', '${table}', 'twice > 2', 'label')`);
    await db.sql(`insert into ${table} (a) values (1), (2), (6)`);
    await db.sql(`update ${table} set a = a + 4 where a = 2`);
    await db.sql(`delete from ${table} where a = 1`);
    t.deepEqual(await numbers(db.sql, `sum_${kind}`), { [`sum_${kind}`]: 24 });
    const by = `by_${kind}`;
    t.deepEqual(await numbers(db.sql, by), { [`${by}:big`]: 2, [`${by}:small`]: 0 });
  }
  await isExact(t, db.sql);
});

test('a virtual column may use a function of another schema', async (t) => {
  const db = await testDatabase(t);
  await db.sql(LIBRARY);
  const made = await db
    .sql(`create table app.v (label text, mine text generated always as (upper(label)) virtual)`)
    .then(
      () => true,
      () => false,
    );
  if (!made) {
    t.pass('virtual columns came with PostgreSQL 18');
    return;
  }
  await db.sql(`select tally.create_counter('c', 'app.v', scope => 'lib.lower(mine)')`);
  await db.sql(`insert into app.v (label) values ('a')`);
  t.deepEqual(await numbers(db.sql), { 'c:mine: A': 1 });
});
