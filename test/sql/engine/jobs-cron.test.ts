import test, { type ExecutionContext } from 'ava';
import { withClient } from '../../../src/database.js';
import { migrate } from '../../../src/migrate.js';
import { type ClusterDatabase, clusterDatabase } from '../../helpers/cluster.js';
import { onDatabase, testDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { failure, finding } from '../../helpers/engine.js';
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

test('pg_cron in another database, or not created, is named with the way out', async (t) => {
  const db = await withCron(t, { 'cron.database_name': 'postgres' });
  if (db === undefined) return;
  const elsewhere = await failure(db.sql('select tally.install_cron()'));
  t.is(elsewhere.code, 'TL040');
  t.regex(elsewhere.message, /it lives in database postgres/);
  t.regex(elsewhere.hint ?? '', /cron\.schedule_in_database\('pgtally', .*'app'\)/);
  // And that statement does it.
  await withClient(onDatabase(db.url, 'postgres'), 'test', async (client) => {
    await client.query('create extension pg_cron');
    const statement = /select cron\.schedule_in_database\(.*\)/.exec(elsewhere.hint ?? '')?.[0];
    await client.query(statement ?? 'select 1 / 0');
    const { rows } = await client.query('select database, command from cron.job');
    t.deepEqual(rows, [{ database: APP, command: 'call tally.cron()' }]);
  });
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
  t.is((await db.sql('select from cron.job')).length, 3, 'again is the same');
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
  t.deepEqual(
    await db.sql(
      `select distinct command, status from cron.job_run_details where status <> 'running' order by 1`,
    ),
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
  await until(
    async () =>
      (await db.sql(`select from cron.job_run_details where status = 'running'`)).length === 0,
  );
  t.is((await states(db.sql)).expired, 2);

  await db.sql(`update cron.job_run_details set end_time = now() - interval '4 days';
    insert into cron.job_run_details (jobid, runid, command, end_time, username, database)
    values (9999, 9999, 'somebody else''s', now() - interval '1 year', current_user, current_database())`);
  const [prune] = await db.sql<{ command: string }>(
    `select command from cron.job where jobname = 'pgtally prune'`,
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
  t.is((await db.sql<{ n: number }>('select tally.uninstall_cron() as n'))[0]?.n, 3);
  t.is((await db.sql('select from cron.job')).length, 0);
});
