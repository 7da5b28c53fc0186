import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { withClient } from '../../src/database.js';
import { migrate } from '../../src/migrate.js';
import { type ClusterDatabase, clusterDatabase, engineDatabase } from '../helpers/cluster.js';
import { onDatabase } from '../helpers/database.js';
import { type DebianServer, debian15 } from '../helpers/debian.js';
import { privateEmbedded } from '../helpers/embedded.js';
import { finding, isExact, numbers, pulse } from '../helpers/engine.js';
import { psql, tool } from '../helpers/postgres-tools.js';

/** Folded changes, pending ones, one counter unfilled, one out of service, and a writer half way. */
async function busyDatabase(t: ExecutionContext<unknown>, server: DebianServer) {
  const db = await engineDatabase(t, server.url);
  await db.sql(`update tally.settings set fold_at = 0;
    create role app; create schema shop; create role shop_owner;
    create type shop.state as enum ('open', 'paid');
    create function shop.is_big(int) returns boolean immutable language sql as 'select $1 > 5';
    create table shop.t (id int, state shop.state, at timestamptz, n int);
    create table shop.p (id int, k int) partition by list (k);
    create table shop.p1 partition of shop.p for values in (1);
    create table shop.later (id int); insert into shop.later values (1), (2);
    grant usage on schema shop to app; grant all on all tables in schema shop to app`);
  await db.sql(`select tally.create_counter('rows', 'shop.t');
    select tally.create_counter('days', 'shop.t', 'shop.is_big(n)', 'at::date', 'n', ranked => true);
    select tally.create_counter('open', 'shop.t', $$state = 'open'$$);
    select tally.create_counter('parts', 'shop.p', scope => 'k', audience => 'public')`);
  await db.sql(`insert into shop.t select i, 'open', '2024-02-29 23:30+00', i
    from generate_series(1, 20) i`);
  await db.sql('select tally.pulse()');
  await db.sql(
    `update shop.t set state = 'paid' where id < 5; insert into shop.p values (1, 1), (2, 1)`,
  );
  await db.sql(`select tally.create_counter('later', 'shop.later')`);
  const half = await db.client();
  await half.query(`begin; insert into shop.t values (99, 'open', now(), 99)`);
  return db;
}

const ROLES = readFileSync(new URL('../../sql/ops/roles.sql', import.meta.url), 'utf8');

const EXPECTED = { rows: 20, 'days:2024-02-29': 195, open: 16, 'parts:1': 2 };

async function countsOn(
  t: ExecutionContext<unknown>,
  restored: ClusterDatabase,
  from: { readonly pulse: number },
): Promise<void> {
  t.deepEqual(await numbers(restored.sql), EXPECTED);
  t.deepEqual(await restored.sql('select * from tally.verify()'), []);
  await restored.sql(`insert into shop.t values (21, 'open', '2024-02-29 12:00+00', 21)`);
  await restored.sql('delete from shop.p1 where id = 1; truncate shop.p1');
  const after = { rows: 21, 'days:2024-02-29': 216, open: 17, 'parts:1': 0 };
  t.deepEqual(await numbers(restored.sql), after);
  const first = await pulse(restored.sql);
  // Pulses that were announced since the dump may be gone: their numbers are not given again.
  t.is(first.pulse, from.pulse + 10_000);
  t.deepEqual(await numbers(restored.sql), after);
  t.deepEqual(await restored.sql('select * from tally.deltas'), []);
  await restored.sql('call tally.tick()');
  t.deepEqual(await numbers(restored.sql), { ...after, later: 2 });
  await isExact(t, restored.sql);
  for (const check of ['counter rows', 'counter days', 'counter parts']) {
    t.is((await finding(restored.sql, check)).status, 'ok');
  }
  const outcome = await migrate({ url: restored.url, engineOnly: true });
  t.deepEqual(outcome.applied, []);
  await restored.sql('insert into shop.p values (7, 1)');
  await isExact(t, restored.sql);
}

async function emptyDatabase(t: ExecutionContext<unknown>, url: string, name: string) {
  await withClient(url, 'test', (client) => client.query(`create database ${name}`));
  return clusterDatabase(t, onDatabase(url, name));
}

async function lastPulse(db: ClusterDatabase): Promise<{ pulse: number }> {
  const [row] = await db.sql<{ pulse: number }>('select pulse::int from tally.status');
  return { pulse: row?.pulse ?? -1 };
}

test.serial(
  'a dump restored into another cluster counts on, pending changes included',
  async (t) => {
    const [from, to] = [await debian15(t), await debian15(t)];
    if (from === undefined || to === undefined) return;
    const db = await busyDatabase(t, from);
    const last = await lastPulse(db);
    const roles = await tool(from, 'pg_dumpall', ['-d', from.url, '--roles-only']);
    const dump = await tool(from, 'pg_dump', ['-d', db.url]);
    await psql(to, to.url, roles);
    const restored = await emptyDatabase(t, to.url, 'restored');
    t.deepEqual(await psql(to, restored.url, dump), []);
    await countsOn(t, restored, last);
  },
);

test.serial('a database dumped from 15 and restored into 18 counts on', async (t) => {
  const from = await debian15(t);
  if (from === undefined) return;
  const to = await privateEmbedded(t);
  const db = await busyDatabase(t, from);
  const last = await lastPulse(db);
  const roles = await tool(from, 'pg_dumpall', ['-d', from.url, '--roles-only']);
  const dump = await tool(from, 'pg_dump', ['-d', db.url]);
  await psql(from, to.url, roles.replaceAll(/^.*\bpostgres\b.*$/gm, ''));
  const restored = await emptyDatabase(t, to.url, 'restored');
  t.deepEqual(await psql(from, restored.url, dump), []);
  await countsOn(t, restored, last);
});

test.serial('a dump restored without its owners counts on, where the two roles are', async (t) => {
  const [from, to] = [await debian15(t), await debian15(t)];
  if (from === undefined || to === undefined) return;
  const db = await busyDatabase(t, from);
  const last = await lastPulse(db);
  const dump = await tool(from, 'pg_dump', ['-d', db.url, '--no-owner']);
  await psql(to, to.url, `${ROLES} create role app;`);
  const restored = await emptyDatabase(t, to.url, 'restored');
  t.deepEqual(await psql(to, restored.url, dump), []);
  await countsOn(t, restored, last);
});

test.serial(
  'a dump restored where the two roles are missing counts, and is whole with them',
  async (t) => {
    const [from, to] = [await debian15(t), await debian15(t)];
    if (from === undefined || to === undefined) return;
    const db = await busyDatabase(t, from);
    const last = await lastPulse(db);
    const dump = await tool(from, 'pg_dump', ['-d', db.url, '--no-owner', '--no-privileges']);
    const restored = await emptyDatabase(t, to.url, 'restored');
    t.deepEqual(await psql(to, restored.url, dump), []);
    t.deepEqual(await numbers(restored.sql), EXPECTED);
    await restored.sql(`insert into shop.t values (50, 'open', '2024-02-29 12:00+00', 50)`);
    t.deepEqual(await numbers(restored.sql, 'rows'), { rows: 21 });
    await restored.sql('select tally.pulse()');
    await restored.sql('delete from shop.t where id = 50');
    t.deepEqual(await numbers(restored.sql), EXPECTED);

    t.deepEqual(await psql(to, restored.url, ROLES), []);
    await restored.sql(`grant usage on schema shop to tally_owner;
    grant select on all tables in schema shop to tally_owner`);
    await countsOn(t, restored, { pulse: last.pulse + 1 });
  },
);

test.serial('a database restored to last week, in the same cluster, counts on', async (t) => {
  const server = await debian15(t);
  if (server === undefined) return;
  const db = await busyDatabase(t, server);
  const last = await lastPulse(db);
  const dump = await tool(server, 'pg_dump', ['-d', db.url]);
  for (let n = 0; n < 30; n += 1) {
    await db.sql(`insert into shop.t values (100 + ${n}, 'open', now(), ${n})`);
    await db.sql('select tally.pulse()');
  }
  const restored = await emptyDatabase(t, server.url, 'restored');
  t.deepEqual(await psql(server, restored.url, dump), []);
  await countsOn(t, restored, last);
});

test.serial('a copy of a database by CREATE DATABASE … TEMPLATE counts on', async (t) => {
  const server = await debian15(t);
  if (server === undefined) return;
  const db = await engineDatabase(t, server.url);
  await db.sql(`create table public.t (id int); select tally.create_counter('rows', 'public.t');
    insert into public.t values (1), (2); select tally.pulse(); insert into public.t values (3)`);
  await withClient(server.url, 'test', (client) =>
    client.query('create database copied template counted'),
  );
  const copied = clusterDatabase(t, onDatabase(server.url, 'copied'));
  await copied.sql('insert into public.t values (4)');
  t.deepEqual(await numbers(copied.sql), { rows: 4 });
  await copied.sql('select tally.pulse()');
  t.deepEqual(await numbers(copied.sql), { rows: 4 });
  t.deepEqual(await numbers(db.sql), { rows: 3 });
  await isExact(t, copied.sql);
});
