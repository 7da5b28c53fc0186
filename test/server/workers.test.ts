import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { runPulse } from '../../src/live/pulse.js';
import { testDatabase } from '../helpers/database.js';
import { numbers, sqlOf } from '../helpers/engine.js';
import { waitersAt } from '../helpers/gate.js';
import { until } from '../helpers/wait.js';

const GATED = `create schema app;
  create table app.scores (league text, points int);
  create function app.gated(scope text) returns jsonb language plpgsql stable as $$
  begin
    if scope like 'slow%' then perform pg_advisory_xact_lock_shared(4711); end if;
    return to_jsonb((select sum(points) from app.scores where league = scope));
  end $$;
  alter function app.gated(text) set lock_timeout = 0;
  create function app.other(scope text) returns jsonb language sql stable as $$
    select to_jsonb((select sum(points) from app.scores where league = scope));
  $$;
  select tally.create_summary('gated', 'app.gated', settle => '0');
  select tally.create_summary('other', 'app.other', settle => '0')`;

test('builders of a minute delay no fill, no job and no other document: sessions are opened for those', async (t) => {
  const db = await testDatabase(t);
  await db.sql(GATED);
  await db.sql(`select tally.watch('gated', 'app.scores', 'league')`);
  await db.sql(`select tally.watch('other', 'app.scores', 'league')`);
  await db.sql(`insert into app.scores values ('slow 1', 1), ('slow 2', 1), ('quick', 1)`);
  await db.sql('call tally.tick()');
  await db.sql(`update tally.documents d
    set build_ms = case when s.name = 'gated' and d.scope like 'slow%' then 60000 else 1 end
    from tally.summary_definitions s where s.id = d.summary`);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  const waiting = () => waitersAt(db.sql, 4711);
  const sessions = async () =>
    (
      await db.sql(`select from pg_stat_activity
        where datname = current_database() and application_name = 'pgtally-work'`)
    ).length;
  const running = runPulse({
    url: db.url,
    tickMs: 10,
    idleMs: 200,
    log: (line) => t.log(line),
  });
  t.teardown(() => running.stop());
  t.teardown(() => gate('select pg_advisory_unlock_all()'));

  await db.sql(`insert into app.scores values ('slow 1', 1), ('slow 2', 1)`);
  await until(async () => (await waiting()) === 2, { what: 'two slow builds' });
  await until(async () => (await sessions()) > 2, { what: 'another session' });
  await db.sql(`select tally.create_counter('rows', 'app.scores')`);
  await db.sql(`insert into tally.jobs (name, command, every) values ('due', 'select 7', '1 day')`);
  await db.sql(`insert into app.scores values ('quick', 1)`);
  const seen = async () => ({
    rows: await numbers(db.sql),
    jobs: await db.sql(`select last_result from tally.jobs where name = 'due'`),
    documents: await db.sql(`select name, scope, body from tally.summaries
      where scope = 'quick' order by name`),
  });
  const wanted = {
    rows: { rows: 6 },
    jobs: [{ last_result: '7' }],
    documents: ['gated', 'other'].map((name) => ({ name, scope: 'quick', body: 2 })),
  };
  await until(async () => JSON.stringify(await seen()) === JSON.stringify(wanted), {
    what: 'what is due beside them',
  }).catch(() => undefined);
  t.deepEqual(await seen(), wanted);
  t.is(await waiting(), 2);
  t.true((await sessions()) <= 4);

  await gate('select pg_advisory_unlock(4711)');
  await until(async () => (await sessions()) === 2, { what: 'the end of the others' });
  await until(async () => (await db.sql('select from tally.due')).length === 0);
  t.deepEqual(
    await db.sql(`select body from tally.summaries where name = 'gated' and scope like 'slow%'`),
    [{ body: 2 }, { body: 2 }],
  );
});

test('of the sessions that stay one looks when nothing is due, and the others hear what it found', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`alter database ${db.name} set track_functions = 'all'`);
  const running = runPulse({ url: db.url, tickMs: 10, idleMs: 1000, log: (line) => t.log(line) });
  t.teardown(() => running.stop());
  // What a session has counted it tells once a second, at most.
  const reader = sqlOf(await db.client());
  const calls = async () => {
    const [row] = await reader<{ calls: number }>(
      `select calls::int from pg_stat_user_functions where funcname = 'next_work_knowing'`,
    );
    return row?.calls ?? 0;
  };
  await until(async () => (await calls()) > 0, { what: 'the first looks' });
  await pause(2000);
  const before = await calls();
  await pause(8000);
  const looks = (await calls()) - before;
  t.true(looks >= 4, `${looks} looks in 8 idle times`);
  t.true(looks <= 13, `${looks} looks in 8 idle times`);
  // And both are still there: a session that is silent for too long would be ended.
  const [sessions] = await db.sql<{ same: number }>(
    `select count(*)::int as same from pg_stat_activity
     where datname = current_database() and application_name = 'pgtally-work'
       and backend_start < now() - interval '9 seconds'`,
  );
  t.is(sessions?.same, 2);
});
