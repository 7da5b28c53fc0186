import test from 'ava';
import { cli } from '../helpers/cli.js';
import { testDatabase } from '../helpers/database.js';
import { createInvitations, invite } from '../helpers/invitations.js';

test('cleanup deletes as many rows as its dry run said, piece by piece', async (t) => {
  const { sql, url } = await testDatabase(t);
  await sql(`create table public.events (id int primary key, at timestamptz);
    insert into public.events select n, now() - n * interval '1 day' + interval '1 hour' from generate_series(1, 100) n;
    update tally.settings set clean_up_rows = 20;
    select tally.create_retention('events', 'public.events', 'at', '90 days')`);
  const env = { DATABASE_URL: url };
  const told = await cli(['cleanup', '50', '--dry-run'], { env });
  t.is(told.code, 0, told.stderr);
  t.regex(told.stdout, /events \| public\.events \| 50 {3}\| 0|events.*\b50\b/);
  t.regex(told.stdout, /dry run: nothing was changed/);
  const done = await cli(['cleanup', 'events', '50', '--fast'], { env });
  t.is(done.code, 0, done.stderr);
  t.is(done.stdout.split('\n')[2], told.stdout.split('\n')[2]);
  t.deepEqual(done.stderr.trim().split('\n'), [
    'events: 20 rows',
    'events: 40 rows',
    'events: 50 rows',
  ]);
  t.is((await sql('select from public.events')).length, 50);
  const again = await cli(['cleanup', '50'], { env });
  t.regex(again.stdout, /\b0 +\| 0/);
});

test('cleanup ends with code 4 when a rule fails, and names it', async (t) => {
  const { sql, url } = await testDatabase(t);
  await sql(`create table public.events (at timestamptz);
    select tally.create_retention('events', 'public.events', 'at', '90 days');
    drop table public.events`);
  const env = { DATABASE_URL: url };
  const failed = await cli(['cleanup'], { env });
  t.is(failed.code, 4);
  t.regex(failed.stderr, /warning: retention "events" failed/);
  const named = await cli(['cleanup', 'events'], { env });
  t.is(named.code, 1);
  const wrong = await cli(['cleanup', 'events', '7x'], { env });
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /DAYS is "7x"/);
  const twice = await cli(['cleanup', '7', '8'], { env });
  t.is(twice.code, 1);
  t.regex(twice.stderr, /cleanup has no use for "8"/);
});

test('cleanup beside another one ends with code 4, and says why', async (t) => {
  const { sql, client, url } = await testDatabase(t);
  await sql(`create table public.events (at timestamptz);
    insert into public.events values ('2000-01-01');
    select tally.create_retention('events', 'public.events', 'at', '90 days')`);
  const env = { DATABASE_URL: url };
  const other = await client();
  await other.query('begin; select tally.clean_up()');
  const beside = await cli(['cleanup'], { env });
  t.is(beside.code, 4, beside.stderr);
  t.regex(beside.stderr, /warning: retention "events": another session cleans up by it/);
  t.regex(beside.stdout, /\nnot cleaned up: what is named above\n$/);
  await other.query('rollback');
  t.is((await cli(['cleanup', '--fast'], { env })).code, 0);
  t.is((await sql('select from public.events')).length, 0);
});

test('expire changes everything that is due, and cron says why it cannot be', async (t) => {
  const { sql, url } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`insert into calls.invitations (expires_at)
    select now() - n * interval '1 second' from generate_series(1, 2500) n`);
  await invite(sql, [3600]);
  const env = { DATABASE_URL: url };
  const expired = await cli(['expire'], { env });
  t.is(expired.code, 0, expired.stderr);
  t.is(expired.stdout, 'expired: 2500 rows\n');
  t.is((await cli(['expire'], { env })).stdout, 'expired: 0 rows\n');
  const cron = await cli(['cron'], { env });
  t.is(cron.code, 1);
  t.regex(cron.stderr, /pg_cron cannot run jobs in database/);
  t.is((await cli(['cron', '--remove'], { env })).stdout, 'jobs taken away from pg_cron: 0\n');
});
