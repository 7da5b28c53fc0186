import test, { type ExecutionContext } from 'ava';
import type pg from 'pg';
import { withClient } from '../../../src/database.js';
import { migrate } from '../../../src/migrate.js';
import { type ClusterDatabase, clusterDatabase } from '../../helpers/cluster.js';
import { onDatabase, testDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { failure, finding, roleName, type Sql } from '../../helpers/engine.js';
import { createInvitations, invite, states } from '../../helpers/invitations.js';
import { until } from '../../helpers/wait.js';

const APP = 'app';
/** pg_cron 1.4 calls at each full minute. */
const MINUTE_MS = 75_000;

/** Debian's 15 with pg_cron at work in the database that has the engine. */
async function withCron(
  t: ExecutionContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<ClusterDatabase | undefined> {
  const server = await debian15(t, {
    extension: 'pg_cron',
    settings: {
      shared_preload_libraries: 'pg_cron',
      'cron.database_name': APP,
      'cron.use_background_workers': 'on',
      max_worker_processes: '20',
      ...settings,
    },
  });
  if (server === undefined) return undefined;
  await withClient(server.url, 'test', (client) => client.query(`create database ${APP}`));
  // Its launcher gives up when its database is not there yet.
  await server.restart();
  const url = onDatabase(server.url, APP);
  await migrate({ url, engineOnly: true });
  return clusterDatabase(t, url);
}

test('without pg_cron, install_cron says what there is instead', async (t) => {
  const { sql } = await testDatabase(t);
  const available = await sql(`select from pg_available_extensions where name = 'pg_cron'`);
  const error = await failure(sql('select tally.install_cron()'));
  t.is(error.code, 'TL040');
  if (available.length === 0) {
    t.regex(error.message, /it is not installed on this server/);
    t.regex(error.hint ?? '', /call tally\.tick\(\)/);
  }
  t.is((await sql<{ n: number }>('select tally.uninstall_cron() as n'))[0]?.n, 0);
});

/** Runs what a hint says to run, word by word. */
async function follow(client: pg.Client, hint: string | undefined): Promise<void> {
  const statements = /: ((?:create|select) .*;)$/s.exec(hint ?? '')?.[1];
  await client.query(statements ?? 'select 1 / 0');
}

type CronJob = { name: string; database: string; command: string };

const cronJobs = async (client: pg.Client): Promise<CronJob[]> =>
  (
    await client.query<CronJob>(
      `select jobname::text as name, database, command from cron.job order by 1`,
    )
  ).rows;

/** What pg_cron should have for a database, where it lives in that one. */
const jobsFor = (database: string, home = database): CronJob[] => [
  { name: `pgtally beside in ${database}`, database, command: 'call tally.cron()' },
  {
    name: `pgtally limits in ${database}`,
    database,
    command: 'select tally.cancel_overdue_jobs()',
  },
  {
    name: `pgtally prune in ${database}`,
    database: home,
    command: `delete from cron.job_run_details d where d.end_time < now() - interval '3 days' and d.jobid in (select j.jobid from cron.job j where j.jobname ~ '^pgtally( |$)')`,
  },
  { name: `pgtally tick in ${database}`, database, command: 'call tally.cron()' },
];

/** Whoever was called has ended. */
const isQuiet = async (sql: Sql): Promise<boolean> =>
  (
    await sql(`select from cron.job_run_details
      where status not in ('succeeded', 'failed') or end_time is null`)
  ).length === 0;

test('pg_cron works for two databases, whichever is told first, and takes back what is its own', async (t) => {
  const db = await withCron(t, { 'cron.database_name': 'postgres' });
  if (db === undefined) return;
  const home = onDatabase(db.url, 'postgres');
  await migrate({ url: home, engineOnly: true });
  const elsewhere = await failure(db.sql('select tally.install_cron()'));
  t.is(elsewhere.code, 'TL040');
  t.regex(elsewhere.message, /it lives in database postgres/);
  await withClient(home, 'test', async (client) => {
    await client.query('create extension pg_cron');
    // As an older version left them: one name for all databases.
    await client.query(`select cron.schedule('pgtally limits', '* * * * *', 'select 1');
      select cron.schedule_in_database('pgtally', '* * * * *', 'call tally.cron()', '${APP}')`);
    await client.query('select tally.install_cron()');
    t.deepEqual(
      (await cronJobs(client)).filter(({ name }) => name !== 'pgtally'),
      jobsFor('postgres'),
    );
    await follow(client, elsewhere.hint);
    const both = [...jobsFor(APP, 'postgres'), ...jobsFor('postgres')].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    t.deepEqual(await cronJobs(client), both);
    await follow(client, elsewhere.hint);
    await client.query('select tally.install_cron()');
    t.deepEqual(await cronJobs(client), both, 'again is the same');
    t.is((await client.query('select tally.uninstall_cron() as n')).rows[0].n, 4);
    t.deepEqual(await cronJobs(client), jobsFor(APP, 'postgres'));
  });
  // Only a call tells a database that does not have pg_cron that it is called at all.
  await until(async () => (await db.sql('select from tally.cron')).length > 0, {
    what: 'a call from the other database',
    deadlineMs: MINUTE_MS,
  });
  const called = await finding(db.sql, 'pg_cron');
  t.is(called.status, 'ok');
  t.regex(called.detail, /^called from another database, last called 20/);
  const app = await db.client();
  const warnings: { message?: string | undefined; hint?: string | undefined }[] = [];
  app.on('notice', (notice) => warnings.push(notice));
  t.is((await app.query('select tally.uninstall_cron() as n')).rows[0].n, 0);
  t.regex(warnings[0]?.message ?? '', /pg_cron lives in database postgres: .* stays/);
  await withClient(home, 'test', async (client) => {
    await follow(client, warnings[0]?.hint);
    t.deepEqual(await cronJobs(client), []);
  });
});

test('a job of pg_cron that is not as it was told is an error, and silence is no health', async (t) => {
  const db = await withCron(t);
  if (db === undefined) return;
  await db.sql('create extension pg_cron');
  // Something keeps pg_cron from what it is told, as a job of that name in another database did.
  await db.sql(`create function public.divert() returns trigger language plpgsql as $$
      begin new.database := 'postgres'; return new; end $$;
    create trigger divert before insert on cron.job for each row execute function public.divert()`);
  const diverted = await failure(db.sql('select tally.install_cron()'));
  t.is(diverted.code, 'TL040');
  t.regex(diverted.message, /job "pgtally tick in app", and does not have it as it was told/);
  t.deepEqual(await db.sql('select from tally.cron'), []);
  await db.sql('drop trigger divert on cron.job; select tally.install_cron()');
  // Who is no superuser may not read where pg_cron lives.
  const user = roleName('cron');
  await db.sql(`create role ${user} login; grant tally_owner to ${user};
    grant usage on schema cron to ${user}`);
  const theirs = await db.client();
  await theirs.query(`set session authorization ${user}`);
  await theirs.query('select tally.install_cron()');
  t.is((await theirs.query('select tally.uninstall_cron() as n')).rows[0].n, 4);
  await db.sql('select tally.install_cron()');
  t.is((await finding(db.sql, 'pg_cron')).status, 'ok');
  await db.sql('select cron.unschedule(jobid) from cron.job');
  await until(() => isQuiet(db.sql), { what: 'the end of all that was called' });
  await db.sql(`update tally.cron set last_at = null, installed_at = now() - interval '3 minutes'`);
  const silent = await finding(db.sql, 'pg_cron');
  t.is(silent.status, 'warn');
  t.regex(silent.detail, /never called since 20/);
  t.regex(silent.remedy ?? '', /its jobs are gone: .* select \* from cron\.job;/);
  await db.sql(`update tally.cron set installed_at = now() - interval '6 minutes'`);
  t.is((await finding(db.sql, 'pg_cron')).status, 'fail');
});

test('while one job takes long, pg_cron does everything else on time', async (t) => {
  const db = await withCron(t, { 'cron.use_background_workers': 'off' });
  if (db === undefined) return;
  await db.sql('create extension pg_cron; select tally.install_cron()');
  await createInvitations(db.sql);
  const holder = await db.client();
  await holder.query('select pg_advisory_lock(4711)');
  await db.sql(`create function public.slow() returns text language sql as
      $$select pg_advisory_xact_lock(4711)::text$$;
    insert into tally.jobs (name, command, every) values ('slow', 'select public.slow()', '1 day')`);
  await until(async () => (await db.sql('select from tally.running_jobs()')).length === 1, {
    what: 'the slow job',
    deadlineMs: MINUTE_MS,
  });
  await invite(db.sql, [-5]);
  await until(async () => (await states(db.sql)).expired === 1, {
    what: 'a row that is due meanwhile',
    deadlineMs: MINUTE_MS,
  });
  t.is((await db.sql('select from tally.running_jobs()')).length, 1);
  await holder.query('select pg_advisory_unlock(4711)');
});

test('pg_cron does everything that is due, with no server attached; and stands back when there is one', async (t) => {
  const db = await withCron(t);
  if (db === undefined) return;
  const missing = await failure(db.sql('select tally.install_cron()'));
  t.regex(missing.message, /its extension is not created in this database/);
  await db.sql('create extension pg_cron');
  const [told] = await db.sql<{ told: string }>('select tally.install_cron() as told');
  t.regex(told?.told ?? '', /^pg_cron 1\.4.*: \* \* \* \* \*$/);
  await db.sql('select tally.install_cron()');
  t.is((await db.sql('select from cron.job')).length, 4, 'again is the same');
  await createInvitations(db.sql);
  await db.sql(`create table public.later (id int); insert into public.later values (1);
    select tally.create_counter('later', 'public.later');
    create table public.ran (id int generated always as identity); grant insert on public.ran to tally_owner;
    insert into tally.jobs (name, command, every) values ('note', 'insert into public.ran default values', '1 hour');
    insert into tally.jobs (name, command, every) values ('bad', 'select 1 / 0', '1 hour')`);
  await invite(db.sql, [-100, -10, 3600]);

  await until(async () => (await states(db.sql)).expired === 2, {
    what: 'pg_cron',
    deadlineMs: MINUTE_MS,
  });
  await until(async () => (await db.sql('select from public.ran')).length === 1, {
    what: 'the job',
    deadlineMs: MINUTE_MS,
  });
  await until(
    async () =>
      (await db.sql(`select from tally.counters where name = 'later' and value = 1`)).length === 1,
  );
  t.regex((await finding(db.sql, 'job bad')).detail, /division by zero/);
  t.is((await finding(db.sql, 'pg_cron')).status, 'ok');
  await until(() => isQuiet(db.sql), { what: 'the end of all that was called' });
  t.deepEqual(
    await db.sql(`select distinct command, status from cron.job_run_details
      where status in ('succeeded', 'failed') order by 1`),
    [
      { command: 'call tally.cron()', status: 'succeeded' },
      { command: 'select tally.cancel_overdue_jobs()', status: 'succeeded' },
    ],
  );

  // A server is there: pg_cron calls, and leaves everything to it.
  const server = await db.client('a server');
  await server.query('select tally.attend()');
  const before = await db.sql<{ at: Date }>('select last_at as at from tally.cron');
  await invite(db.sql, [-5]);
  await until(
    async () =>
      (await db.sql<{ at: Date }>('select last_at as at from tally.cron'))[0]?.at.getTime() !==
      before[0]?.at.getTime(),
    { what: 'the next call', deadlineMs: MINUTE_MS },
  );
  await until(() => isQuiet(db.sql), { what: 'the end of all that was called' });
  t.is((await states(db.sql)).expired, 2);

  await db.sql(`update cron.job_run_details set end_time = now() - interval '4 days';
    insert into cron.job_run_details (jobid, runid, command, end_time, username, database)
    values (9999, 9999, 'somebody else''s', now() - interval '1 year', current_user, current_database())`);
  const [prune] = await db.sql<{ command: string }>(
    `select command from cron.job where jobname = 'pgtally prune in app'`,
  );
  await db.sql(prune?.command ?? '');
  t.deepEqual(await db.sql('select command from cron.job_run_details'), [
    { command: `somebody else's` },
  ]);

  await server.end();
  await db.sql(`update tally.cron set last_at = now() - interval '10 minutes'`);
  const stopped = await finding(db.sql, 'pg_cron');
  t.is(stopped.status, 'fail');
  t.regex(stopped.remedy ?? '', /scheduler does not run/);
  t.is((await db.sql<{ n: number }>('select tally.uninstall_cron() as n'))[0]?.n, 4);
  t.is((await db.sql('select from cron.job')).length, 0);
});
