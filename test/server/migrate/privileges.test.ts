import test from 'ava';
import { withClient } from '../../../src/database.js';
import { migrate } from '../../../src/migrate.js';
import { asUser, onDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { privateEmbedded } from '../../helpers/embedded.js';

/** As managed PostgreSQL gives it, in a cluster where nobody installed pgtally before. */
const OWNER = `
  create role app login createrole password 'not a secret';
  create database app owner app`;

async function installAndCount(server: string): Promise<unknown> {
  await withClient(server, 'pgtally test', async (client) => {
    for (const statement of OWNER.split(';')) await client.query(statement);
  });
  const url = asUser(onDatabase(server, 'app'), 'app');
  await migrate({ url });
  await withClient(url, 'pgtally test', async (client) => {
    await client.query('create schema shop');
    await client.query('create table shop.orders (id int primary key)');
    await client.query('insert into shop.orders values (1)');
    await client.query(`select tally.create_counter('orders', 'shop.orders')`);
  });
  const again = await migrate({ url });
  return await withClient(url, 'pgtally test', async (client) => {
    await client.query('insert into shop.orders values (2), (3)');
    await client.query('call tally.tick()');
    const counted = await client.query('select name, value from tally.counters');
    const differences = await client.query('select * from tally.verify()');
    return { again, counted: counted.rows, differences: differences.rows };
  });
}

const expected = {
  again: { applied: [], replayed: [], handChanged: [], filled: ['orders'], warnings: [] },
  counted: [{ name: 'orders', value: '3' }],
  differences: [],
};

test('on 18 an owner with CREATEROLE who is no superuser gets from install to verify', async (t) => {
  const server = await privateEmbedded(t);
  t.deepEqual(await installAndCount(server.url), expected);
});

test('on 15 an owner with CREATEROLE who is no superuser gets from install to verify', async (t) => {
  const server = await debian15(t);
  if (server === undefined) return;
  t.deepEqual(await installAndCount(server.url), expected);
});
