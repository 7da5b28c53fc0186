import test, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { clusterDatabase, engineDatabase } from '../../helpers/cluster.js';
import { onDatabase, testDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { privateEmbedded } from '../../helpers/embedded.js';
import { pulse, type Sql } from '../../helpers/engine.js';
import { standbyOf } from '../../helpers/postgres-tools.js';
import type { Server } from '../../helpers/postmaster.js';
import { until } from '../../helpers/wait.js';

/** Pulse numbers mean something within one history: what begins another one. */

const historyOf = async (sql: Sql): Promise<string> => {
  const [row] = await sql<{ history: string }>('select tally.history()');
  return row?.history ?? '';
};

test('a history is eight hex digits, the same in each session, another in another database', async (t) => {
  const [one, two] = await Promise.all([testDatabase(t), testDatabase(t)]);
  const history = await historyOf(one.sql);
  t.regex(history, /^[0-9a-f]{8}$/);
  t.is(await historyOf(one.sql), history);
  await one.sql(`create table public.t (); select tally.create_counter('rows', 'public.t');
    insert into public.t default values; select tally.pulse()`);
  t.is(await historyOf(one.sql), history);
  t.not(await historyOf(two.sql), history);
});

test('a clock that is put back takes no history away, nor do pulses jump', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.t (); select tally.create_counter('rows', 'public.t')`);
  const history = await historyOf(sql);
  // As if the last crash, or the making of the cluster, had been a century ahead.
  await sql(`alter table tally.pulses
    alter column at set default clock_timestamp() - interval '100 years'`);
  for (const number of [1, 2]) {
    await sql('insert into public.t default values');
    t.is((await pulse(sql)).pulse, number);
    t.is(await historyOf(sql), history);
  }
});

async function crash(db: { client(): Promise<pg.Client> }): Promise<void> {
  const victim = await db.client();
  victim.on('error', () => undefined);
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');
  process.kill(rows[0]?.pid ?? Number.NaN, 'SIGKILL');
}

async function beginsAnew(t: ExecutionContext<unknown>, server: Server): Promise<void> {
  const db = await engineDatabase(t, server.url);
  await db.sql(`create table public.t (); select tally.create_counter('rows', 'public.t');
    insert into public.t default values; select tally.pulse()`);
  const first = await historyOf(db.sql);
  const seen = [first];
  t.is(await historyOf(db.sql), first);
  await server.restart();
  seen.push(await historyOf(db.sql));
  await crash(db);
  // The server starts all its sessions anew, and itself not. Pulses may have got lost with it, so
  // there is no history before the next, whose number is none of theirs.
  await until(async () => (await pulse(db.sql)).pulse > 10_000, { what: 'a pulse after a crash' });
  await until(async () => !seen.includes(await historyOf(db.sql).catch(() => seen[0] ?? '')), {
    what: 'another history after a crash',
  });
  seen.push(await historyOf(db.sql));
  t.is(new Set(seen).size, 3, seen.join(' '));
}

test('a restart and the crash of a session begin another history, on PostgreSQL 15', async (t) => {
  const server = await debian15(t);
  if (server !== undefined) await beginsAnew(t, server);
});

test('a restart and the crash of a session begin another history, on the embedded one', async (t) => {
  await beginsAnew(t, await privateEmbedded(t));
});

test('a crash that takes the very first pulse along begins another history too', async (t) => {
  const db = await engineDatabase(t, (await privateEmbedded(t)).url);
  const first = await historyOf(db.sql);
  t.regex(first, /^[0-9a-f]{8}$/, 'there is one before there was a pulse');
  await db.sql(`create table public.t (); select tally.create_counter('rows', 'public.t');
    insert into public.t default values`);
  // Number 1 may have been announced and not flushed: it is not given again.
  await crash(db);
  await until(async () => (await historyOf(db.sql).catch(() => first)) === '', {
    what: 'no history after the crash',
  });
  t.true((await pulse(db.sql)).pulse >= 10_000);
  t.not(await historyOf(db.sql), first);
});

test('a standby has a history, and another one once it is promoted', async (t) => {
  const primary = await debian15(t);
  if (primary === undefined) return;
  const db = await engineDatabase(t, primary.url);
  await db.sql(`create table public.t (); select tally.create_counter('rows', 'public.t');
    insert into public.t default values; select tally.pulse()`);
  const standby = await standbyOf(t, primary);
  const there = clusterDatabase(t, onDatabase(standby.url, 'counted'));
  const before = await historyOf(there.sql);
  t.regex(before, /^[0-9a-f]{8}$/);
  t.not(await historyOf(db.sql), before);
  await standby.promote();
  t.is(await historyOf(there.sql), '', 'not before a pulse');
  await there.sql('select tally.pulse()');
  const after = await historyOf(there.sql);
  t.not(after, before);
  await there.sql('checkpoint');
  t.is(await historyOf(there.sql), after);
});
