import { readFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import type pg from 'pg';
import { testDatabase } from '../../helpers/database.js';

export type Row = Record<string, unknown>;

export const OPS = new URL('../../../sql/ops/', import.meta.url);

const ORDERS = `
create schema shop;
create table shop.orders (id int primary key, customer int not null, paid boolean not null);
create table shop.events (at date not null, kind text) partition by range (at);
create table shop.events_1 partition of shop.events for values from ('2026-01-01') to ('2026-02-01');
create table shop.events_2 partition of shop.events for values from ('2026-02-01') to ('2026-03-01');
select tally.create_counter('unpaid', 'shop.orders', filter => 'not paid');
select tally.create_counter('orders', 'shop.orders', scope => 'customer');
select tally.create_counter('events', 'shop.events', scope => 'kind');
insert into shop.orders select i, i % 3, i % 2 = 0 from generate_series(1, 10) i;
insert into shop.events values ('2026-01-05', 'login'), ('2026-02-05', 'login');`;

export async function shop(t: ExecutionContext) {
  const database = await testDatabase(t);
  await database.sql(ORDERS);
  return { ...database, dba: await database.client('dba') };
}

export async function textOf(name: string): Promise<string> {
  return await readFile(new URL(name, OPS), 'utf8');
}

/** Runs a script as `pgtally sql - <` does; an array of rows for each statement that answers. */
export async function run(client: pg.Client, name: string): Promise<Row[][]> {
  const answer: unknown = await client.query(await textOf(name));
  const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryResult<Row>[];
  return results.filter(({ fields }) => fields.length > 0).map(({ rows }) => rows);
}

export async function differences(client: pg.Client): Promise<Row[]> {
  return (await client.query<Row>('select * from tally.verify()')).rows;
}
