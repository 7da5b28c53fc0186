import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure } from '../../helpers/engine.js';

type Wrong = readonly [source: string, ddl: string, message: RegExp];

const wrong: readonly Wrong[] = [
  ['app.v', 'create view app.v as select 1 as id', /it is a view/],
  ['app.m', 'create materialized view app.m as select 1 as id', /it is a view/],
  ['app.f', 'create foreign table app.f (id int) server nowhere', /it is a foreign table/],
  [
    'app.p',
    `create table app.p (id int) partition by range (id);
     create table app.p1 partition of app.p for values from (0) to (9);
     create foreign table app.p2 partition of app.p for values from (9) to (19) server nowhere`,
    /its partition app\.p2 is a foreign table/,
  ],
  [
    'app.deep',
    `create table app.deep (id int) partition by range (id);
     create table app.mid partition of app.deep for values from (0) to (9) partition by range (id);
     create foreign table app.leaf partition of app.mid for values from (0) to (9) server nowhere`,
    /its partition app\.leaf is a foreign table/,
  ],
  ['app.p1', 'select 1', /it is a partition of app\.p:/],
  ['app.mid', 'select 1', /it is a partition of app\.deep:/],
  [
    'app.parent',
    'create table app.parent (id int); create table app.child () inherits (app.parent)',
    /table inheritance/,
  ],
  ['app.child', 'select 1', /table inheritance/],
  ['pg_temp.fleeting', 'create temporary table fleeting (id int)', /it is temporary/],
  ['app.u', 'create unlogged table app.u (id int)', /it is unlogged/],
  ['tally.totals', 'select 1', /it is in schema tally/],
  ['tally.deltas', 'select 1', /it is in schema tally/],
  ['pg_catalog.pg_class', 'select 1', /it is in schema pg_catalog/],
  ['information_schema.sql_features', 'select 1', /it is in schema information_schema/],
  ['app.s', 'create sequence app.s', /it is not a table/],
  ['app.kind', 'create type app.kind as (id int)', /it is not a table/],
  ['app.i', 'create table app.plain (id int); create index i on app.plain (id)', /not a table/],
];

test('a source that cannot be counted right is TL003 with the reason and a way out', async (t) => {
  const db = await testDatabase(t);
  const client = await db.client();
  await client
    .query(`create schema app; create extension if not exists postgres_fdw`)
    .catch(() =>
      client.query('create schema if not exists app; create foreign data wrapper postgres_fdw'),
    );
  await client.query('create server nowhere foreign data wrapper postgres_fdw');
  for (const [source, ddl, message] of wrong) {
    await client.query(ddl);
    const error = await failure(client.query(`select tally.create_counter('c', $1)`, [source]));
    t.is(error.code, 'TL003', `${source}: ${error.message}`);
    t.regex(error.message, message);
    t.truthy(error.hint, source);
  }
  t.deepEqual((await client.query('select from tally.sources')).rowCount, 0);
});

test('no source, or one that is not there, is named', async (t) => {
  const db = await testDatabase(t);
  t.is((await failure(db.sql(`select tally.create_counter('c', null)`))).code, 'TL003');
  const gone = await failure(db.sql(`select tally.create_counter('c', 4000000000::oid::regclass)`));
  t.is(gone.code, 'TL003');
  t.regex(gone.message, /4000000000 does not exist/);
  t.is((await failure(db.sql(`select tally.create_counter('c', 'public.nope')`))).code, '42P01');
});

test('a counted table that becomes what cannot be counted is named by the doctor', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int); select tally.create_counter('c', 'public.t')`);
  await db.sql('create table public.child () inherits (public.t)');
  const [row] = await db.sql(
    `select status, detail from tally.doctor() where "check" = 'counter c'`,
  );
  t.is(row?.status, 'fail');
  t.regex(String(row?.detail), /table inheritance/);
});

test('a temporary table of the source’s name in the session is in nobody’s way', async (t) => {
  const db = await testDatabase(t);
  const client = await db.client();
  await client.query('create table public.t (id int, tally_amount int)');
  await client.query('create temporary table t (other int)');
  await client.query('create temporary table tally_amount (other int)');
  await client.query(
    `select tally.create_counter('c', 'public.t', 'id > 1', 'id', 'tally_amount')`,
  );
  await client.query('insert into public.t values (2, 5)');
  const counted = await client.query('select scope, value::int from tally.counters');
  t.deepEqual(counted.rows, [{ scope: '2', value: 5 }]);
});
