import test from 'ava';
import { runPulse } from '../../../src/live/pulse.js';
import { testDatabase } from '../../helpers/database.js';
import { failure, finding, type Sql, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

type Job = {
  next_at: Date;
  last_at: Date | null;
  last_ms: number | null;
  last_result: string | null;
  last_error: string | null;
  failures: number;
};

async function addJob(sql: Sql, name: string, command: string, every = '1 hour'): Promise<void> {
  await sql('insert into tally.jobs (name, command, every) values ($1, $2, $3)', [
    name,
    command,
    every,
  ]);
}

async function jobOf(sql: Sql, name: string): Promise<Job> {
  const [row] = await sql<Job>('select * from tally.jobs where name = $1', [name]);
  if (row === undefined) throw new Error(`there is no job ${name}`);
  return row;
}

async function runDue(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }>('select tally.run_due_jobs() as n');
  return row?.n ?? -1;
}

const NOTE = 'select public.note()';

async function withNotes(sql: Sql): Promise<void> {
  await sql(`create table public.ran (id int generated always as identity, at timestamptz default clock_timestamp());
    grant select, insert on public.ran to tally_owner;
    create function public.note() returns text language sql as $$
      insert into public.ran default values returning 'ran ' || id $$`);
}

test('a job runs when it is due, leaves its result, and is due again in its time', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(sql, 'note', NOTE);
  t.is(await runDue(sql), 1);
  t.is(await runDue(sql), 0);
  const job = await jobOf(sql, 'note');
  t.like(job, { last_result: 'ran 1', last_error: null, failures: 0 });
  t.true((job.last_ms ?? -1) >= 0);
  t.true(job.next_at.getTime() > Date.now() + 3_590_000);
});

test('after an outage what was missed is made up for once, and keeps to its time of the day', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(sql, 'daily', NOTE, '1 day');
  await sql(
    `update tally.jobs set next_at = now() - interval '100 days 3 hours' where name = 'daily'`,
  );
  await sql('call tally.tick()');
  await sql('call tally.tick()');
  t.is((await sql('select from public.ran')).length, 1);
  const job = await jobOf(sql, 'daily');
  const hours = (job.next_at.getTime() - Date.now()) / 3_600_000;
  t.true(hours > 20.9 && hours <= 21, `${hours} hours`);
});

test('two sessions never run one job at once, and nobody waits', async (t) => {
  const { sql, client } = await testDatabase(t);
  await withNotes(sql);
  await sql(`create function public.slow() returns text language plpgsql as $$
    begin perform pg_advisory_xact_lock(4711); insert into public.ran default values; return 'slow'; end $$`);
  await addJob(sql, 'slow', 'select public.slow()', '1 second');
  const [blocker, first, second] = await Promise.all([client(), client(), client()]);
  await blocker.query('select pg_advisory_lock(4711)');
  const running = runDue(sqlOf(first));
  const busy = () => sql<{ pid: number }>('select pid from tally.running_jobs()');
  await until(async () => (await busy()).length === 1);
  await second.query(`set statement_timeout = '5s'`);
  t.is(await runDue(sqlOf(second)), 0);
  const [work] = (await second.query('select jobs from tally.work()')).rows as { jobs: number }[];
  t.is(work?.jobs, 0);
  await blocker.query('select pg_advisory_unlock(4711)');
  t.is(await running, 1);
  t.is((await sql('select from public.ran')).length, 1);
});

test('many sessions that look at once run a job once', async (t) => {
  const { sql, client } = await testDatabase(t);
  await withNotes(sql);
  for (let i = 0; i < 5; i += 1) await addJob(sql, `note ${i}`, NOTE);
  const sessions = await Promise.all(Array.from({ length: 10 }, () => client()));
  const ran = await Promise.all(sessions.map((session) => runDue(sqlOf(session))));
  const rest = await runDue(sql);
  t.is(
    ran.reduce((a, b) => a + b, rest),
    5,
  );
  t.is((await sql('select from public.ran')).length, 5);
});

test('a job that always fails is recorded, tried again later and later, and stops no other', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(sql, 'a bad one', 'select 1 / 0', '1 day');
  await addJob(sql, 'note', NOTE);
  const waits: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    await sql(`update tally.jobs set next_at = now() where name <> 'prune'`);
    t.is(await runDue(sql), 2);
    const job = await jobOf(sql, 'a bad one');
    t.like(job, { last_error: 'division by zero', last_result: null, failures: i + 1 });
    waits.push(Math.round((job.next_at.getTime() - Date.now()) / 60_000));
  }
  t.deepEqual(waits, [1, 2, 4, 8]);
  t.is((await sql('select from public.ran')).length, 4);
  t.is((await finding(sql, 'job a bad one')).status, 'fail');
  await sql(`update tally.jobs set command = 'select 1', next_at = now() where name = 'a bad one'`);
  await runDue(sql);
  t.like(await jobOf(sql, 'a bad one'), { last_error: null, failures: 0, last_result: '1' });
  t.is((await finding(sql, 'job a bad one')).status, 'ok');
});

test('a job that fails is a warning with its own code', async (t) => {
  const { sql, client } = await testDatabase(t);
  await addJob(sql, 'bad', 'nonsense');
  const session = await client();
  const warnings: string[] = [];
  session.on('notice', ({ code, message }) => warnings.push(`${code} ${message}`));
  await session.query('select tally.run_due_jobs()');
  t.deepEqual(warnings, ['TL041 job "bad" failed: syntax error at or near "nonsense"']);
  t.is((await failure(sql(`select tally.partitions_piece('nothing')`))).code, 'TL006');
});

test('a job that takes too long is cancelled by the next session that looks', async (t) => {
  const { sql, client } = await testDatabase(t);
  await addJob(sql, 'endless', 'select pg_sleep(600)', '1 day');
  await sql(`update tally.jobs set time_limit = '1 second' where name = 'endless'`);
  const worker = await client();
  const running = worker.query('select jobs from tally.work()');
  const cancel = async () =>
    (await sql<{ n: number }>('select tally.cancel_overdue_jobs() as n'))[0]?.n === 1;
  await until(cancel, { what: 'the job to take too long' });
  await running;
  t.like(await jobOf(sql, 'endless'), {
    last_error: 'took longer than its time limit of 00:00:01',
    failures: 1,
  });
});

test('a job is cancelled once, and what its transaction does after it is not', async (t) => {
  const { sql, client } = await testDatabase(t);
  await addJob(sql, 'endless', 'select pg_sleep(600)', '1 day');
  await addJob(sql, 'quick', 'select 1', '1 day');
  await sql(`update tally.jobs set time_limit = '1 second' where name <> 'prune'`);
  const cancel = async () =>
    (await sql<{ n: number }>('select tally.cancel_overdue_jobs() as n'))[0]?.n;
  const session = await client();
  await session.query('begin; set local role tally_owner');
  const running = session.query(`select tally.run_job('quick'), tally.run_job('endless')`);
  await until(
    async () =>
      (await sql(`select from tally.running_jobs() where name = 'endless'`)).length === 1 &&
      (await cancel()) === 1,
    { what: 'the job to take too long' },
  );
  await running;
  t.deepEqual(await sql('select * from tally.running_jobs()'), []);
  t.is(await cancel(), 0);
  await session.query('commit');
  t.like(await jobOf(sql, 'endless'), {
    last_error: 'took longer than its time limit of 00:00:01',
    failures: 1,
  });
  t.like(await jobOf(sql, 'quick'), { last_result: '1', failures: 0 });
});

test('while a job takes long, a server still does everything else', async (t) => {
  const { sql, url } = await testDatabase(t);
  await addJob(sql, 'endless', 'select pg_sleep(600)', '1 day');
  await sql(`create table public.a (id int primary key, due timestamptz, done boolean default false);
    select tally.create_expiry('a', 'public.a', 'due', 'not done', 'done = true')`);
  const server = runPulse({ url, tickMs: 25, idleMs: 200, log: (line) => t.log(line) });
  t.teardown(async () => {
    // A job that somebody cancels is due again, and a session that is about to end may begin it.
    let isStopped = false;
    void server.stop().then(() => {
      isStopped = true;
    });
    await until(async () => {
      await sql(`select pg_cancel_backend(pid) from tally.running_jobs()`);
      return isStopped;
    });
  });
  await until(async () => (await sql('select from tally.running_jobs()')).length === 1);
  await sql('insert into public.a values (1, now())');
  await until(async () => (await sql('select from public.a where done')).length === 1);
  t.pass();
});

test('when the clock is put back, jobs and what had failed do not wait until it is there again', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(sql, 'note', NOTE);
  await sql(`update tally.jobs set next_at = now() + interval '1 year', last_at = now() + interval '1 year'
    where name = 'note'`);
  t.is(await runDue(sql), 1);
  t.true((await jobOf(sql, 'note')).next_at.getTime() < Date.now() + 3_700_000);
  t.is(await runDue(sql), 0);
  await sql(`create table public.a (id int primary key, due timestamptz, done boolean default false);
    select tally.create_expiry('a', 'public.a', 'due', 'not done', 'done = true');
    insert into public.a values (1, now());
    update tally.expiries set error = 'x', again_at = now() + interval '1 year'`);
  t.is((await sql<{ n: string }>('select tally.expire_due() as n'))[0]?.n, '1');
});

test('a time zone that does not exist is refused', async (t) => {
  const { sql } = await testDatabase(t);
  const error = await failure(sql(`update tally.settings set time_zone = 'Europe/Nowhere'`));
  t.regex(error.message, /time zone "Europe\/Nowhere" not recognized/);
});

test('a job may be any statement, and says how many rows it was where it returns none', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(
    sql,
    'insert',
    'insert into public.ran (at) select now() from generate_series(1, 3)',
  );
  await addJob(sql, 'select', 'select 7, 8');
  await addJob(sql, 'nothing', 'select 1 where false');
  t.is(await runDue(sql), 3);
  t.is((await jobOf(sql, 'insert')).last_result, '3 rows');
  t.is((await jobOf(sql, 'select')).last_result, '7');
  t.is((await jobOf(sql, 'nothing')).last_result, 'done');
});

test('a job that is not enabled does not run', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await addJob(sql, 'note', NOTE);
  await sql(`update tally.jobs set enabled = false where name = 'note'`);
  t.is(await runDue(sql), 0);
  t.is((await finding(sql, 'job note')).detail, 'not enabled');
});

test('jobs that nobody runs are found by the doctor, but not where there is nothing but counters', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`update tally.jobs set next_at = now() - interval '1 day'`);
  t.is((await finding(sql, 'job prune')).status, 'ok');
  await withNotes(sql);
  await addJob(sql, 'note', NOTE);
  await sql(`update tally.jobs set next_at = now() - interval '1 hour' where name = 'note'`);
  const said = await finding(sql, 'job note');
  t.is(said.status, 'warn');
  t.regex(said.remedy ?? '', /Nobody runs jobs/);
});

test('the engine’s own job throws away what was only kept for a while', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`update tally.jobs set next_at = now() where name = 'prune'`);
  await sql('call tally.tick()');
  t.regex((await jobOf(sql, 'prune')).last_result ?? '', /forgotten/);
});

test('what a job sets for its session ends with it, and what it writes stays', async (t) => {
  const { sql } = await testDatabase(t);
  await withNotes(sql);
  await sql(`create function public.settings() returns text language plpgsql as $$ begin
      set default_transaction_isolation = serializable;
      set search_path = nowhere;
      set work_mem = '7MB';
      set "datestyle" = 'German';
      perform set_config('statement_timeout', '1h', false);
      return public.note(); end $$`);
  await addJob(sql, 'settings', 'select public.settings()');
  await addJob(sql, 'bare', `set default_transaction_read_only = on`);
  await sql(`set datestyle = 'SQL, DMY'`);
  const all = `select name, setting from pg_settings
    where source = 'session' or name in ('default_transaction_isolation', 'search_path', 'work_mem',
      'statement_timeout', 'default_transaction_read_only') order by name`;
  const before = await sql(all);
  t.is(await runDue(sql), 2);
  t.deepEqual(await sql(all), before);
  t.is((await jobOf(sql, 'settings')).last_error, null);
  t.is((await jobOf(sql, 'bare')).last_error, null);
  t.is((await sql('select from public.ran')).length, 1);
  await t.notThrowsAsync(sql('select tally.pulse(); select * from tally.work()'));
});

test("a caller's own time limit is his, and no failure of a job or of a rule", async (t) => {
  const { sql, client } = await testDatabase(t);
  await addJob(sql, 'slow', 'select pg_sleep(600)', '1 day');
  await sql(`create table public.a (id int primary key, due timestamptz, done boolean default false);
    select tally.create_expiry('a', 'public.a', 'due', 'not done', 'done = true');
    create function public.slow() returns trigger language plpgsql as $$
      begin perform pg_sleep(600); return new; end $$;
    create trigger slow before update on public.a for each row execute function public.slow();
    insert into public.a values (1, now())`);
  const hasty = sqlOf(await client());
  await hasty(`set statement_timeout = '2s'`);
  for (const statement of ['tally.expire_due()', 'tally.run_due_jobs()', 'tally.work()']) {
    t.is((await failure(hasty(`select ${statement}`))).code, '57014', statement);
  }
  t.is((await failure(hasty('call tally.tick()'))).code, '57014');
  t.deepEqual(await sql('select error, attempts, again_at from tally.expiries'), [
    { error: null, attempts: 0, again_at: null },
  ]);
  t.like(await jobOf(sql, 'slow'), { last_at: null, last_error: null, failures: 0 });
});
