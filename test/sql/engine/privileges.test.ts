import test, { type ExecutionContext } from 'ava';
import { withClient } from '../../../src/database.js';
import { migrate } from '../../../src/migrate.js';
import { type ClusterDatabase, clusterDatabase } from '../../helpers/cluster.js';
import { asUser, onDatabase, testDatabase, testRole } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { privateEmbedded } from '../../helpers/embedded.js';
import { failure, finding, isExact, numbers, roleName, sqlOf } from '../../helpers/engine.js';

const PASSWORD = 'not a secret';

/** As a managed PostgreSQL gives it: a database and the right to make roles, and no superuser. */
async function managedDatabase(t: ExecutionContext<unknown>, url: string) {
  await withClient(url, 'test', async (client) => {
    await client.query(`create role dba login createrole password '${PASSWORD}'`);
    await client.query(`create role app login password '${PASSWORD}'`);
    await client.query(`create role server login password '${PASSWORD}'`);
    await client.query('create database managed owner dba');
  });
  const as = (user: string): ClusterDatabase =>
    clusterDatabase(t, asUser(onDatabase(url, 'managed'), user));
  return { dba: as('dba'), app: as('app'), server: as('server') };
}

async function wholeLife(t: ExecutionContext<unknown>, url: string): Promise<void> {
  const { dba, app, server } = await managedDatabase(t, url);
  await migrate({ url: dba.url, engineOnly: true });
  await dba.sql('grant tally_server to server');
  await dba.sql(`create schema shop; create table shop.orders (id int, state text, total int);
    create table shop.parts (id int, k int) partition by list (k);
    create table shop.parts_1 partition of shop.parts for values in (1);
    insert into shop.orders values (1, 'open', 10), (2, 'paid', 20);
    grant usage on schema shop to app;
    grant select, insert, update, delete, truncate on all tables in schema shop to app`);
  await dba.sql(`select tally.create_counter('orders', 'shop.orders');
    select tally.create_counter('totals', 'shop.orders', scope => 'state', amount => 'total');
    select tally.create_counter('parts', 'shop.parts')`);

  await app.sql(`insert into shop.orders values (3, 'open', 30)`);
  await app.sql(`update shop.orders set state = 'paid' where id = 1`);
  await app.sql('insert into shop.parts values (1, 1); insert into shop.parts_1 values (2, 1)');
  t.is((await failure(app.sql('select * from tally.counters'))).code, '42501');
  await server.sql('call tally.tick()');
  const expected = { orders: 3, 'totals:open': 30, 'totals:paid': 30, parts: 2 };
  t.deepEqual(await numbers(server.sql), expected);
  await dba.sql('select tally.fill()');
  await isExact(t, dba.sql);

  await dba.sql('alter table shop.orders disable trigger user');
  await app.sql(`insert into shop.orders values (4, 'paid', 40)`);
  await dba.sql('alter table shop.orders enable trigger user');
  t.is((await dba.sql('select * from tally.verify()')).length, 2);
  t.is((await finding(dba.sql, 'counter orders')).status, 'fail');
  t.is((await dba.sql('select * from tally.repair()')).length, 2);
  await isExact(t, dba.sql);
  await app.sql('truncate shop.parts_1; truncate shop.orders');
  await isExact(t, dba.sql);
  t.is((await server.sql(`select * from tally.doctor() where status = 'fail'`)).length, 0);

  await dba.sql(`create table shop.parts_2 partition of shop.parts for values in (2)`);
  t.true((await dba.sql('select * from tally.attach()')).length >= 4);
  await migrate({ url: dba.url, engineOnly: true });
  for (const name of ['orders', 'totals', 'parts']) {
    await dba.sql('select tally.drop_counter($1)', [name]);
  }
  await app.sql(
    `insert into shop.orders values (1, 'open', 1); insert into shop.parts values (1, 2)`,
  );
  await server.sql('call tally.tick()');
  t.deepEqual(await dba.sql('select from tally.totals'), []);
}

test('an owner who is no superuser lives the whole life of a counter, on the embedded server', async (t) => {
  await wholeLife(t, (await privateEmbedded(t)).url);
});

test('an owner who is no superuser lives the whole life of a counter, on Debian’s 15', async (t) => {
  const server = await debian15(t);
  if (server !== undefined) await wholeLife(t, server.url);
});

test('a server may pulse, work, tick, read and ask the doctor, and nothing else', async (t) => {
  const db = await testDatabase(t);
  const role = roleName('server');
  await db.sql(`create role ${role} in role tally_server`);
  t.teardown(() => db.sql(`drop role ${role}`));
  await db.sql(`create table public.t (k text);
    select tally.create_counter('c', 'public.t', scope => 'k', ranked => true);
    insert into public.t values ('x')`);
  const client = await db.client();
  await client.query(`set role ${role}`);
  const sql = sqlOf(client);
  for (const may of [
    'select * from tally.pulse()',
    'select * from tally.work()',
    'call tally.tick()',
    'select * from tally.counters',
    'select * from tally.counter_definitions',
    'select * from tally.status',
    `select * from tally.top('c', 3)`,
    'select * from tally.doctor()',
    'select tally.attend()',
    'select tally.fall_asleep()',
    'select tally.stay_awake()',
    'listen tally; listen tally_doorbell',
  ]) {
    await t.notThrowsAsync(sql(may), may);
  }
  for (const mayNot of [
    'insert into tally.deltas (counter, scope, delta) values (1, $$x$$, 1)',
    'update tally.totals set value = 0',
    'delete from tally.totals',
    'delete from tally.pulses',
    'update tally.settings set doorbell = false',
    'select * from tally.settings',
    'select * from tally.totals',
    'select * from tally.deltas',
    'select * from tally.definitions',
    'insert into tally.fold_requests default values',
    'select * from public.t',
    'select tally.fill()',
    'select * from tally.verify()',
    'select * from tally.repair()',
    `select tally.drop_counter('c')`,
    `select tally.create_counter('d', 'public.t')`,
    'select * from tally.attach()',
    `select tally.stop_counter(1, 'x')`,
    `select tally.build_functions('public.t', 'count')`,
    `select tally.drop_functions('public.t', 'count')`,
    `select tally.recount(1)`,
    'create table tally.mine (id int)',
  ]) {
    t.is((await failure(sql(mayNot), mayNot)).code, '42501', mayNot);
  }
});

test('a writer needs no right on tally, not even to be stopped by a broken counter', async (t) => {
  const db = await testDatabase(t);
  const role = roleName('writer');
  await db.sql(`create role ${role}`);
  t.teardown(() => db.sql(`drop owned by ${role}; drop role ${role}`));
  await db.sql(`create table public.t (id int, k text);
    grant select, insert, update, delete, truncate on public.t to ${role};
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  const client = await db.client();
  await client.query(`set role ${role}`);
  t.is((await failure(client.query('select * from tally.counters'))).code, '42501');
  for (const write of [
    `insert into public.t values (1, 'a'), (2, 'b')`,
    `update public.t set k = 'c' where id = 1`,
    `delete from public.t where id = 2`,
    'truncate public.t',
    `insert into public.t values (3, 'a')`,
    `begin isolation level serializable; truncate public.t; commit`,
  ]) {
    await t.notThrowsAsync(client.query(write), write);
  }
  await db.sql('alter table public.t rename column k to kk');
  await t.notThrowsAsync(client.query(`insert into public.t values (4, 'a')`));
  await db.sql('call tally.tick()');
  t.deepEqual(await numbers(db.sql), { rows: 1 });
  await db.sql(`update tally.settings set fold_at = 1`);
  await t.notThrowsAsync(
    client.query(`do $$ begin for i in 1 .. 3000 loop
      insert into public.t values (5, 'a'); commit; end loop; end $$`),
  );
  t.deepEqual(await numbers(db.sql), { rows: 3001 });
});

test('nobody may do anything in schema tally just so, but what tally.counters calls', async (t) => {
  const role = await testRole(t, '');
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  t.deepEqual(
    await db.sql(`select p.oid::regprocedure::text as public_may from pg_proc p
      where p.pronamespace = 'tally'::regnamespace and has_function_privilege('public', p.oid, 'execute')
      union all select c.oid::regclass::text from pg_class c
      where c.relnamespace = 'tally'::regnamespace and c.relkind in ('r', 'v', 'm', 'S', 'p')
        and has_table_privilege('public', c.oid, 'select, insert, update, delete, truncate')
      union all select 'schema' where has_schema_privilege('public', 'tally', 'usage, create')
      order by 1`),
    [{ public_may: 'tally.bounded(numeric)' }, { public_may: 'tally.has_children(oid)' }],
  );
  const reader = sqlOf(await db.client());
  await db.sql(`insert into public.t values ('a'); grant usage on schema tally to ${role};
    grant select on tally.counters to ${role}`);
  await reader(`set role ${role}`);
  t.deepEqual(await numbers(reader), { rows: 1, 'kinds:a': 1 });
});
