import test from 'ava';
import { misplaced, people, ring, room, statuses } from '../helpers/calls.js';
import { testDatabase } from '../helpers/database.js';
import { isExact, type Sql } from '../helpers/engine.js';

type Gone = { rows: number; partitions: number };

async function cleanUp(sql: Sql, values = ''): Promise<Gone> {
  const [gone] = await sql<Gone>(
    `select rows::int, partitions from tally.clean_up(${values}) where name = 'call_invitations'`,
  );
  return gone ?? { rows: -1, partitions: -1 };
}

/** Of an hour, and over so many days ago, if somebody says so; each by a caller of its own. */
async function old(sql: Sql, days: number, status: string, count: number): Promise<void> {
  const [bob = { id: '' }, ...callers] = await people(sql, count + 1);
  await sql(
    `insert into calls.invitations
       (created_at, caller_id, receiver_id, room_id, status, expires_at, ended_at)
     select e.at - interval '1 hour', c.id, $1, $2, $3, e.at,
       case $3 when 'pending' then null when 'expired' then e.at
               else e.at - interval '1 second' end
     from unnest($4::uuid[]) as c (id), (select now() - $5::float8 * interval '1 day') as e (at)`,
    [bob.id, await room(sql), status, callers.map(({ id }) => id), days],
  );
}

test('what ended more than seven days ago goes, a dry run says how much, and DAYS says otherwise', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  await old(sql, 40, 'declined', 5);
  await old(sql, 8, 'accepted', 30);
  await old(sql, 8, 'expired', 10);
  await old(sql, 3, 'cancelled', 18);
  await old(sql, 6.98, 'cancelled', 2);
  await old(sql, 60, 'pending', 4);
  const before = await statuses(sql);
  t.deepEqual(await cleanUp(sql, 'dry_run => true'), { rows: 45, partitions: 0 });
  t.deepEqual(await cleanUp(sql, `keep => '30 days', dry_run => true`), { rows: 5, partitions: 0 });
  t.deepEqual(await cleanUp(sql, `keep => '2 days', dry_run => true`), { rows: 65, partitions: 0 });
  t.deepEqual(await statuses(sql), before, 'a dry run changes nothing');
  t.deepEqual(await cleanUp(sql, `keep => '7 days'`), { rows: 45, partitions: 0 });
  t.deepEqual(await cleanUp(sql), { rows: 0, partitions: 0 });
  t.deepEqual(await statuses(sql), { cancelled: 20, pending: 4 });
  // Nobody said that they had expired, while no server ran: now somebody does.
  await sql('select tally.expire_due()');
  t.deepEqual(await cleanUp(sql), { rows: 4, partitions: 0 });
  t.deepEqual(await misplaced(sql), []);
  await isExact(t, sql);
});

test('whatever DAYS says, what is pending stays', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  await ring(sql, { from: ann, to: bob, room: await room(sql), seconds: 600 });
  await old(sql, 1, 'accepted', 3);
  t.deepEqual(await cleanUp(sql, `keep => '0 days'`), { rows: 3, partitions: 0 });
  t.deepEqual(await statuses(sql), { pending: 1 });
});

test('there are partitions for the month it is made in and for two more, and a job that makes the next', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [made] = await sql<{ months: number }>(
    `select count(*)::int as months
     from tally_migrations.apps_applied as a, generate_series(0, 2) as m
     where a.name = '0003-create-calls.sql' and to_regclass('calls.invitations_'
       || to_char(a.applied_at at time zone 'UTC' + m * interval '1 month', 'YYYY_MM')) is not null`,
  );
  t.is(made?.months, 3);
  t.like(
    await sql(`select every::text from tally.jobs
    where name = tally.partitions_job('calls.invitations')`),
    [{ every: '01:00:00' }],
  );
  await sql(`select tally.ensure_partitions('calls.invitations', '6 months')`);
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  await sql(
    `insert into calls.invitations (created_at, caller_id, receiver_id, room_id, expires_at)
     select a, $1, $2, $3, a + interval '1 minute' from (select now() + interval '5 months') x (a)`,
    [ann.id, bob.id, await room(sql)],
  );
  t.deepEqual(await misplaced(sql), [], 'a month that came later has all triggers');
  await isExact(t, sql);
});

test('months that are past and empty are dropped by a job, others stay, and so does one in use', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  await sql(`drop table calls.invitations_before;
    create table calls.one partition of calls.invitations for values from (minvalue) to ('2001-01-01');
    create table calls.two partition of calls.invitations
      for values from ('2001-01-01') to ('2001-02-01');
    select * from tally.attach()`);
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  await sql(
    `insert into calls.invitations (created_at, caller_id, receiver_id, room_id, expires_at)
     values ('2001-01-20', $1, $2, $3, '2001-01-21')`,
    [ann.id, bob.id, await room(sql)],
  );
  const left = async () =>
    (
      await sql<{ name: string }>(
        `select c.relname as name from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
         where i.inhparent = 'calls.invitations'::regclass and c.relname !~ '^invitations_\\d{4}'
         order by 1`,
      )
    ).map(({ name }) => name);
  const job = async () => {
    await sql(`update tally.jobs set next_at = now() where name = 'calls emptied partitions'`);
    await sql('select tally.run_due_jobs()');
    const [row] = await sql<{ result: string }>(
      `select coalesce(last_error, last_result) as result from tally.jobs
       where name = 'calls emptied partitions'`,
    );
    return row?.result;
  };
  const reader = await client();
  await reader.query('begin; select from calls.one');
  t.is(await job(), '0 dropped; others are in use');
  await reader.query('rollback');
  t.is(await job(), '1 dropped');
  t.deepEqual(await left(), ['two']);
  await sql('select tally.expire_due()');
  t.deepEqual(await cleanUp(sql), { rows: 1, partitions: 0 });
  t.is(await job(), '1 dropped');
  t.deepEqual(await left(), []);
  await isExact(t, sql);
});
