import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { finding, isExact, type Sql } from '../../helpers/engine.js';
import { createInvitations, expireDue, invite, states } from '../../helpers/invitations.js';

/** The table gets another name, and a new one with due rows in it gets its old name. */
async function replaceInvitations(sql: Sql): Promise<void> {
  await sql(`alter table calls.invitations rename to invitations_old;
    create table calls.invitations (like calls.invitations_old including all);
    insert into calls.invitations (expires_at)
    values (clock_timestamp() - interval '100 days'), (clock_timestamp() - interval '1 hour')`);
}

async function cleanUp(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }>('select sum(rows)::int as n from tally.clean_up()');
  return row?.n ?? 0;
}

test('an expiry stays with its table, and leaves alone what has got its name since', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await invite(sql, [-60, -1, 3600]);
  await replaceInvitations(sql);
  t.is(await expireDue(sql), 2);
  t.deepEqual(await states(sql), { pending: 2 });
  const [old] = await sql(
    `select count(*)::int as n from calls.invitations_old where status = 'expired'`,
  );
  t.deepEqual(old, { n: 2 });
  const [next] = await sql('select tally.next_due() > clock_timestamp() as later');
  t.deepEqual(next, { later: true }, 'the new table has nothing that falls due');
  await isExact(t, sql);
});

test('a retention stays with its table, and leaves alone what has got its name since', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  await sql(`select tally.create_retention('old', 'calls.invitations', 'expires_at', '30 days')`);
  await invite(sql, [-86400 * 40, -86400 * 50, -1]);
  await replaceInvitations(sql);
  t.is(await cleanUp(sql), 2);
  t.deepEqual(await states(sql), { pending: 2 });
  await isExact(t, sql);
});

test('rules go on when their table or its schema gets another name', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  await sql(`select tally.create_expiry('bump', 'calls.invitations', 'expires_at',
      $$status = 'pending'$$, $$status = 'expired', receiver = invitations.receiver + 1$$);
    select tally.create_retention('old', 'calls.invitations', 'expires_at', '30 days')`);
  await invite(sql, [-86400 * 40, -60]);
  await sql(`alter table calls.invitations rename to "Asked ""for""";
    alter schema calls rename to "Rang"`);
  t.is(await expireDue(sql), 2);
  t.is(await cleanUp(sql), 1);
  t.deepEqual(await sql(`select status, receiver from "Rang"."Asked ""for"""`), [
    { status: 'expired', receiver: 2 },
  ]);
  // Another version of pgtally writes the functions anew under the new name.
  await sql(`update tally.expiries set made_by = 'another';
    update tally.retentions set made_by = 'another'; select tally.attach()`);
  await sql(`insert into "Rang"."Asked ""for""" (expires_at) values (now() - interval '1 hour')`);
  t.is(await expireDue(sql), 1);
  t.is((await finding(sql, 'expiry bump'))?.status, 'ok');
  await isExact(t, sql);
});

async function partitionsOf(sql: Sql, table: string): Promise<number> {
  const [row] = await sql<{ n: number }>(
    `select count(*)::int as n from pg_inherits where inhparent = $1::regclass`,
    [table],
  );
  return row?.n ?? -1;
}

test('partitions are made ahead for a table by whatever name, and by one job', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.logs (at timestamptz not null) partition by range (at);
    select tally.create_counter('logs', 'public.logs');
    select tally.ensure_partitions('public.logs', '0 days');
    alter table public.logs rename to logs_old;
    create table public.logs (at timestamptz not null) partition by range (at);
    select tally.ensure_partitions('public.logs', '0 days')`);
  const before = await partitionsOf(sql, 'public.logs');
  await sql(`update tally.partitionings set ahead = '5 months' where source = 'public.logs_old'::regclass;
    update tally.jobs set next_at = now() where name like 'partitions %';
    select tally.run_due_jobs()`);
  t.true((await partitionsOf(sql, 'public.logs_old')) >= 5);
  t.is(await partitionsOf(sql, 'public.logs'), before);
  t.deepEqual(await sql(`select last_error from tally.jobs where name like 'partitions %'`), [
    { last_error: null },
    { last_error: null },
  ]);
  await sql('insert into public.logs_old values (now())');
  await isExact(t, sql);
});

test('a table that was dropped is told by the doctor, and its partitioning can be dropped', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.logs (at timestamptz not null) partition by range (at);
    select tally.ensure_partitions('public.logs')`);
  const [row] = await sql<{ oid: number }>(`select 'public.logs'::regclass::oid::int as oid`);
  await sql('drop table public.logs');
  const found = await finding(sql, `partitions of ${row?.oid}`);
  t.is(found?.detail, `its table is gone (oid ${row?.oid})`);
  t.is(found?.remedy, `select tally.drop_partitioning(${row?.oid});`);
  await sql(found?.remedy ?? '');
  t.deepEqual(await sql(`select name from tally.jobs where name like 'partitions %'`), []);
  t.deepEqual(
    await sql(`select proname from pg_proc where proname like 'make_partition@_%' escape '@'
    and pronamespace = 'tally'::regnamespace`),
    [],
  );
});
