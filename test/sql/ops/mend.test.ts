import test from 'ava';
import { withClient } from '../../../src/database.js';
import { privateEmbedded } from '../../helpers/embedded.js';
import { differences, run, shop } from './shop.js';

test('verify-one-by-one.sql finds the counter that differs, past one that cannot be read', async (t) => {
  const { dba, sql } = await shop(t);
  await sql('alter table shop.orders disable trigger user');
  await sql('delete from shop.orders where id in (1, 2)');
  await sql('alter table shop.orders enable trigger user');
  await sql('alter table shop.events rename column kind to sort');
  await sql('revoke select on shop.events from tally_owner');
  const said: string[] = [];
  dba.on('notice', ({ message }) => said.push(String(message)));
  const [found = []] = await run(dba, 'verify-one-by-one.sql');
  t.like(
    found.find(({ name }) => name === 'unpaid'),
    { differences: '1' },
  );
  t.like(
    found.find(({ name }) => name === 'orders'),
    { differences: '2' },
  );
  t.like(
    found.find(({ name }) => name === 'events'),
    { differences: null },
  );
  t.true(
    said.some((line) => line.startsWith('events: could not be recounted: tally_owner may not')),
  );
  t.true(said.some((line) => line.startsWith('orders: 2 difference(s) in ')));
});

test('repair-everything.sql puts triggers and numbers right', async (t) => {
  const { dba, sql } = await shop(t);
  await sql('drop trigger _500_tally_delete on shop.orders');
  await sql('delete from shop.orders where id in (1, 2)');
  await sql(
    "create table shop.events_3 partition of shop.events for values from ('2026-03-01') to ('2026-04-01')",
  );
  await sql("insert into shop.events_3 values ('2026-03-05', 'login')");
  const [attached = [], repaired = [], left] = await run(dba, 'repair-everything.sql');
  t.is(attached.length, 5);
  t.like(repaired, [
    { name: 'events', scope: 'login', counted: '2', actual: '3' },
    { name: 'orders', scope: '1', counted: '4', actual: '3' },
    { name: 'orders', scope: '2', counted: '3', actual: '2' },
    { name: 'unpaid', scope: '', counted: '5', actual: '4' },
  ]);
  t.deepEqual(left, []);
  await sql('delete from shop.orders');
  await sql("insert into shop.events_3 values ('2026-03-06', 'login')");
  t.deepEqual(await differences(dba), []);
});

test('roles.sql makes in another cluster the roles that migrating makes, and again does no harm', async (t) => {
  const roles = `select rolname, rolcanlogin, rolsuper, rolcreaterole, rolinherit, rolbypassrls,
      pg_catalog.shobj_description(oid, 'pg_authid') as comment
    from pg_catalog.pg_roles where rolname in ('tally_owner', 'tally_server') order by rolname`;
  const { sql, dba } = await shop(t);
  await run(dba, 'roles.sql');
  const other = await privateEmbedded(t);
  await withClient(other.url, 'dba', async (client) => {
    await client.query('create role installer createrole; set role installer');
    const [made = []] = await run(client, 'roles.sql');
    t.like(made, [{ role: 'tally_owner', mine: true }, { role: 'tally_server' }]);
    await run(client, 'roles.sql');
    t.deepEqual((await client.query(roles)).rows, await sql(roles));
  });
});
