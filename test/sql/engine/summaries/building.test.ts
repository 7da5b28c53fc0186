import test from 'ava';
import type pg from 'pg';
import type { TestDatabase } from '../../../helpers/database.js';
import { failure, finding, numbers, pulse, sqlOf, standing } from '../../../helpers/engine.js';
import { until } from '../../../helpers/wait.js';
import { DIFFERENCES, document, documents, GATED, league, waiters, work } from './league.js';

const insert = (into: string, player = 'x') =>
  `insert into app.scores (league, player, points) values ('${into}', '${player}', 1)`;

/** What is announced on a session that listens from now on, as name:scope@pulse. */
async function announced(db: TestDatabase): Promise<{ list: string[]; client: pg.Client }> {
  const list: string[] = [];
  const client = await db.client();
  client.on('notification', ({ payload }) => {
    const { pulse: number, changes } = JSON.parse(payload ?? '') as {
      pulse: number;
      changes: [string, string, number?][];
    };
    for (const [name, scope, value] of changes) {
      list.push(`${name}:${scope}${value === undefined ? '' : `=${value}`}@${number}`);
    }
  });
  await client.query('listen tally');
  return { list, client };
}

test('a document that changed is announced without its body, by the number of a pulse', async (t) => {
  const db = await league(t);
  await work(db.sql);
  const { list, client } = await announced(db);
  await db.sql(insert('a'));
  await work(db.sql);
  await client.query('select');
  const last = Number((await db.sql('select max(pulse) as n from tally.pulses'))[0]?.n);
  t.deepEqual(list.map((line) => line.replace(/@\d+$/, '')).sort(), ['board:a', 'totals:']);
  const { version } = (await document(db.sql, 'board', 'a')) ?? {};
  t.true(list.includes(`board:a@${version}`));
  t.true(list.some((line) => line.endsWith(`@${last}`)));
  t.is((await document(db.sql, 'board', 'a'))?.due_since, null);
});

test('the document of a watch without scope is there before anybody asks for it', async (t) => {
  const db = await league(t);
  await work(db.sql);
  t.deepEqual(await documents(db.sql), { totals: { players: 0, points: 0 } });
  await db.sql(`select tally.create_summary('more', 'app.totals');
    select tally.watch('more', 'app.scores')`);
  t.deepEqual(await db.sql(`select tally.refresh('more') as n`), [{ n: 1 }]);
  t.deepEqual((await document(db.sql, 'more'))?.body, { players: 0, points: 0 });
});

test('a rebuild that gives the same document keeps its version and announces nothing', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await work(db.sql);
  const before = await document(db.sql, 'board', 'a');
  const { list, client } = await announced(db);
  await db.sql(`update app.scores set points = points`);
  t.is(await work(db.sql), 2);
  await db.sql(`select tally.refresh()`);
  await client.query('select');
  const after = await document(db.sql, 'board', 'a');
  t.is(after?.version, before?.version);
  t.true(Number(after?.built_at) > Number(before?.built_at));
  t.deepEqual(list, []);
});

test('a builder that returns NULL removes the document, which is announced once', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await work(db.sql);
  const { list, client } = await announced(db);
  await db.sql(`delete from app.scores where league = 'a'`);
  await work(db.sql);
  t.is(await document(db.sql, 'board', 'a'), undefined);
  await db.sql(`select tally.refresh('board')`);
  await client.query('select');
  t.is(list.filter((line) => line.startsWith('board:a')).length, 1);
  const changed = await db.sql(
    `select json from tally.changed_topics('{board}', '{a}', 0) where pos = 1`,
  );
  t.deepEqual(changed, [{ json: 'null' }]);
  await db.sql(insert('a'));
  await work(db.sql);
  t.deepEqual((await document(db.sql, 'board', 'a'))?.body, [['x', 1]]);
});

test('a removed document is forgotten after a day', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql(`delete from app.scores`);
  await work(db.sql);
  await db.sql('select tally.prune_builds()');
  t.is((await db.sql(`select from tally.documents where scope = 'a'`)).length, 1);
  await db.sql(`update tally.documents set tried_at = now() - interval '25 hours'`);
  await db.sql('select tally.prune_builds()');
  t.is((await db.sql(`select from tally.documents where scope = 'a'`)).length, 0);
});

test('settle is waited for, and changes within it cause one build', async (t) => {
  const db = await league(t, { settle: '1 hour' });
  await db.sql(`select tally.warm('board', '{a}'), tally.warm('totals', '{""}')`);
  await db.sql(insert('a'));
  for (let n = 1; n <= 5; n += 1) {
    await db.sql(`update app.scores set points = ${n}`);
    t.is(await work(db.sql), 0);
  }
  // From when it was built, where a clock that was put back a little makes that the later one.
  const rows = await db.sql<{ wait: number; n: number }>(
    `select count(*)::int as n,
       extract(epoch from min(d.due_at) - min(greatest(d.due_since, o.built_at)))::int as wait
     from tally.due d
     join tally.documents o on o.summary = d.summary and o.scope = d.scope
     join tally.summary_definitions s on s.id = d.summary
     where s.name = 'totals' and d.scope = ''`,
  );
  t.deepEqual(rows, [{ wait: 3600, n: 1 }]);
  const [row] = await db.sql<{ ms: number }>(
    `select extract(epoch from tally.next_build() - clock_timestamp())::float8 * 1000 as ms`,
  );
  t.true((row?.ms ?? 0) > 3_500_000);
  t.not((await document(db.sql, 'totals'))?.due_since, null);
  await db.sql(`update tally.due set due_at = clock_timestamp()`);
  await work(db.sql);
  t.deepEqual((await documents(db.sql)).totals, { players: 1, points: 5 });
});

test('transactions that began long ago do not cause more than one build in settle', async (t) => {
  const db = await league(t, { settle: '1 hour' });
  await db.sql(insert('a'));
  await db.sql('select tally.collect_marks()');
  await db.sql('update tally.due set due_at = clock_timestamp()');
  await work(db.sql);
  t.truthy(await document(db.sql, 'totals'));
  await db.sql(`insert into tally.marks (summary, scope, marked_at)
    select id, '', now() - interval '2 hours' from tally.summary_definitions where name = 'totals'`);
  t.is(await work(db.sql), 0);
});

test('a mark that commits after many collections is not lost', async (t) => {
  const db = await league(t);
  const late = sqlOf(await db.client());
  await late('begin');
  await late(insert('late'));
  await late('savepoint a');
  await late(insert('later'));
  await late('release a');
  for (let n = 0; n < 5; n += 1) {
    await db.sql(insert('a', `p${n}`));
    await work(db.sql);
  }
  await late('commit');
  await work(db.sql);
  t.deepEqual(await db.sql(DIFFERENCES), []);
  t.truthy(await document(db.sql, 'board', 'late'));
  t.deepEqual(await db.sql('select from tally.marks'), []);
});

test('a prepared transaction’s mark counts when it is committed', async (t) => {
  const db = await league(t);
  await db.sql('update tally.settings set doorbell = false');
  const client = sqlOf(await db.client());
  const sleeper = sqlOf(await db.client());
  await sleeper('select pg_advisory_lock(1952541804, 12)');
  await client('begin');
  await client(insert('prepared'));
  await client(`prepare transaction 'marks_${db.name}'`);
  await work(db.sql);
  t.is(await document(db.sql, 'board', 'prepared'), undefined);
  await client(`commit prepared 'marks_${db.name}'`);
  await work(db.sql);
  t.deepEqual(await db.sql(DIFFERENCES), []);
});

const FRAGILE = `create table app.switch (breaks boolean);
  insert into app.switch values (false);
  create function app.fragile(scope text) returns jsonb language plpgsql stable as $$
  begin
    if (select breaks from app.switch) then raise exception 'no % today', scope; end if;
    return to_jsonb((select count(*) from app.scores where league = scope));
  end $$;
  select tally.create_summary('fragile', 'app.fragile', settle => '0');
  select tally.watch('fragile', 'app.scores', 'league')`;

test('a builder that fails leaves its last document, is retried later and later, and stops no other', async (t) => {
  const db = await league(t);
  await db.sql(FRAGILE);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql('update app.switch set breaks = true');
  await db.sql(insert('a', 'y'));
  await work(db.sql);
  const failed = await document(db.sql, 'fragile', 'a');
  t.is(failed?.body, 1);
  t.is(failed?.error, 'no a today');
  t.deepEqual(
    await db.sql(DIFFERENCES.replace('from tally.summaries', `$& where name <> 'fragile'`)),
    [],
  );
  const tried = async () =>
    (
      await db.sql<{ attempts: number; s: number; next_at: string; now: string }>(
        `select attempts, round(extract(epoch from next_at - tried_at))::int as s,
           next_at::text, clock_timestamp()::text as now
         from tally.documents where error is not null`,
      )
    )[0];
  let attempts = 0;
  for (let n = 0; n < 4; n += 1) {
    const before = await tried();
    t.true((before?.attempts ?? 0) > attempts);
    attempts = before?.attempts ?? 0;
    t.is(before?.s, 2 ** (attempts - 1));
    // A new change does not make it fail any sooner.
    await db.sql(insert('a', `more ${n}`));
    await work(db.sql);
    const after = await tried();
    if ((after?.now ?? '') < (before?.next_at ?? '')) t.is(after?.attempts, attempts);
    await db.sql('update tally.documents set next_at = clock_timestamp() where error is not null');
    await db.sql('update tally.due set due_at = clock_timestamp()');
    await work(db.sql);
  }
  const found = await finding(db.sql, 'summary fragile');
  t.is(found.status, 'fail');
  const said = `that of scope "a" has failed ${(await tried())?.attempts} time(s): no a today`;
  t.true(found.detail.includes(said), found.detail);
  const failures = (await tried())?.attempts;
  await db.sql('update app.switch set breaks = false');
  await db.sql('update tally.documents set next_at = clock_timestamp() where error is not null');
  await db.sql('update tally.due set due_at = clock_timestamp()');
  await work(db.sql);
  t.like(await document(db.sql, 'fragile', 'a'), { body: 6, error: null, due_since: null });
  t.is((await finding(db.sql, 'summary fragile')).status, 'ok');
  const history = await db.sql<{ outcome: string }>(
    `select outcome from tally.build_history where name = 'fragile' and outcome = 'failed'`,
  );
  t.true(history.length >= 5);
  t.is(history.length, failures ?? 0);
});

test('that there is none is announced where the builder had failed before, once', async (t) => {
  const db = await league(t);
  await db.sql(FRAGILE.replace('(select count(*)', '(select nullif(count(*), 0)'));
  await db.sql('update app.switch set breaks = true');
  t.deepEqual(await db.sql(`select tally.build_topic('fragile', 'a') as outcome`), [
    { outcome: 'failed' },
  ]);
  const { list, client } = await announced(db);
  await db.sql('update app.switch set breaks = false');
  await db.sql(`select tally.refresh('fragile')`);
  await db.sql(`select tally.refresh('fragile')`);
  await client.query('select');
  t.deepEqual(list, ['fragile:a@1']);
  t.deepEqual(
    await db.sql(`select state, json, version::int from tally.read_topics('{fragile}', '{a}')`),
    [{ state: 'ready', json: 'null', version: 1 }],
  );
});

test('a document whose builder fails says since when it is due, however often it is tried', async (t) => {
  const db = await league(t);
  await db.sql(FRAGILE);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql('update app.switch set breaks = true');
  await db.sql(insert('a', 'y'));
  await db.sql('select tally.collect_marks()');
  const since = (await document(db.sql, 'fragile', 'a'))?.due_since;
  t.true(since instanceof Date);
  for (let n = 0; n < 2; n += 1) {
    await work(db.sql);
    t.like(await document(db.sql, 'fragile', 'a'), { error: 'no a today', due_since: since });
    await db.sql('update tally.documents set next_at = clock_timestamp() where error is not null');
  }
  await db.sql('update app.switch set breaks = false');
  await work(db.sql);
  t.like(await document(db.sql, 'fragile', 'a'), { error: null, due_since: null, body: 2 });
});

test('a builder that writes fails, nothing that it wrote is kept, and the work goes on', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.writes(scope text) returns jsonb language plpgsql as $$
    begin insert into app.calls (scope) values (scope); return '{}'; end $$;
    select tally.create_summary('writes', 'app.writes', settle => '0');
    select tally.watch('writes', 'app.scores')`);
  await db.sql(insert('a'));
  await work(db.sql);
  t.regex((await document(db.sql, 'writes'))?.error ?? '', /read-only transaction/);
  t.deepEqual(await db.sql('select from app.calls'), []);
  t.deepEqual(
    await db.sql(DIFFERENCES.replace('from tally.summaries', `$& where name <> 'writes'`)),
    [],
  );
});

test('a builder whose table is locked fails soon, and is built when the lock is gone', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.drop_summary('totals')`);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql(insert('a', 'y'));
  const holder = sqlOf(await db.client());
  await holder('begin');
  await holder('lock table app.scores in access exclusive mode');
  await work(db.sql);
  t.regex((await document(db.sql, 'board', 'a'))?.error ?? '', /lock timeout/);
  await holder('commit');
  await db.sql('update tally.documents set next_at = clock_timestamp() where error is not null');
  await work(db.sql);
  t.like(await document(db.sql, 'board', 'a'), { error: null, due_since: null });
});

test('numbers stay exact while work announces documents between the folds', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_counter('players', 'app.scores', scope => 'league')`);
  const late = sqlOf(await db.client());
  await late('begin');
  await late(insert('a', 'late'));
  for (let n = 0; n < 5; n += 1) {
    await db.sql(insert('a', `p${n}`));
    await work(db.sql);
    t.deepEqual(await standing(db.sql, 'players'), {
      'players:a': n + 1,
      ...(n > 0 ? { 'players:b': n } : {}),
    });
    await db.sql(insert('b', `p${n}`));
    await pulse(db.sql);
    await work(db.sql);
    t.deepEqual(await numbers(db.sql, 'players'), { 'players:a': n + 1, 'players:b': n + 1 });
  }
  await work(db.sql);
  await late('commit');
  t.deepEqual(await numbers(db.sql, 'players'), { 'players:a': 6, 'players:b': 5 });
  t.is((await pulse(db.sql)).folded, 1);
  t.deepEqual(await db.sql('select * from tally.verify()'), []);
  t.deepEqual(await db.sql('select from tally.deltas'), []);
  const gaps = await db.sql(
    `select p.pulse from tally.pulses p where p.pulse > 0
     and not exists (select from tally.pulses o where o.pulse = p.pulse - 1)`,
  );
  t.deepEqual(gaps, []);
});

test('who builds in a long transaction keeps no pulse waiting, and is announced at its commit', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_counter('players', 'app.scores')`);
  const { list, client } = await announced(db);
  const long = sqlOf(await db.client());
  await long('begin');
  await long(`select tally.read_summary('board', 'none'), tally.read_summary('totals')`);
  await db.sql(insert('a'));
  t.is((await pulse(db.sql)).announced, 1);
  await long('commit');
  await client.query('select');
  t.deepEqual(list, ['players:=1@1', 'totals:@2']);
});

test('a build that is rolled back announces nothing, also behind a savepoint', async (t) => {
  const db = await league(t);
  const { list, client } = await announced(db);
  const session = sqlOf(await db.client());
  await session('begin');
  await session('savepoint a');
  await session(`select tally.read_summary('totals')`);
  await session('rollback to a');
  await session(insert('a'));
  await session(`select tally.read_summary('board', 'a')`);
  await session('commit');
  await client.query('select');
  t.deepEqual(list, ['board:a@1']);
  t.is(await document(db.sql, 'totals'), undefined);
  t.deepEqual(await db.sql('select from tally.announcements'), []);
});

test('a builder that takes long delays no counter, no other document and no mark', async (t) => {
  const db = await league(t);
  await db.sql(GATED);
  await db.sql(`select tally.create_counter('players', 'app.scores')`);
  await db.sql(
    `${insert('slow')}; ${insert('quick')}; delete from app.scores where league = 'quick'`,
  );
  await work(db.sql);
  await db.sql(`update tally.documents d set build_ms = case when s.name = 'gated'
      and d.scope = 'slow' then 60000 else 1 end
    from tally.summary_definitions s where s.id = d.summary`);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  await db.sql(insert('slow', 'y'));
  const worker = sqlOf(await db.client());
  const slow = work(worker);
  await until(async () => (await waiters(db.sql)) > 0, { what: 'the slow build' });
  for (let n = 0; n < 3; n += 1) {
    await db.sql(insert('quick', `q${n}`));
    await db.sql(insert('slow', `s${n}`));
    t.is((await pulse(db.sql)).announced, 1);
    await work(db.sql);
    t.is((await document(db.sql, 'gated', 'quick'))?.body, n + 1);
    t.deepEqual(
      await db.sql(DIFFERENCES.replace('from tally.summaries', `$& where name <> 'gated'`)),
      [],
    );
  }
  // Nobody knows yet how long this one takes.
  await db.sql(`select tally.create_summary('late', 'app.totals', settle => '0')`);
  await db.sql(`select tally.watch('late', 'app.scores')`);
  await db.sql(insert('late'));
  await work(db.sql);
  t.deepEqual((await document(db.sql, 'late'))?.body, { players: 9, points: 9 });
  t.is((await document(db.sql, 'gated', 'slow'))?.body, 1);
  await gate('select pg_advisory_unlock(4711)');
  await slow;
  await work(db.sql);
  t.is((await document(db.sql, 'gated', 'slow'))?.body, 5);
});

const SLOW = ['slow 1', 'slow 2', 'slow 3'];

test('of many slow documents two are built at a time, and hold up neither fills, jobs nor the quick', async (t) => {
  const db = await league(t);
  await db.sql(`${GATED.replace("scope = 'slow'", "scope like 'slow%'")};
    ${[...SLOW, 'quick'].map((scope) => insert(scope)).join(';')}`);
  await work(db.sql);
  await db.sql(
    `update tally.documents set build_ms = case when scope like 'slow%' then 60000 else 1 end`,
  );
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  await db.sql('update app.scores set points = points + 1');
  const slow: Promise<number>[] = [];
  for (const waiting of [1, 2]) {
    slow.push(work(sqlOf(await db.client())));
    await until(async () => (await waiters(db.sql)) === waiting, {
      what: `${waiting} slow builds`,
    });
  }
  const other = sqlOf(await db.client());
  await other('set statement_timeout = 20000');
  await work(other);
  t.is(await waiters(db.sql), 2);

  await db.sql(`select tally.create_counter('players', 'app.scores')`);
  await db.sql(`insert into tally.jobs (name, command, every)
    values ('late', 'select 1', '1 day')`);
  // Slow as it may have been while the machine stood still.
  await db.sql(`update tally.documents set build_ms = 1 where scope = 'quick';
    update tally.due set is_suspect = false where scope = 'quick'`);
  await db.sql(insert('quick', 'y'));
  for (let n = 0; n < 5; n += 1) await work(other);
  t.is((await document(db.sql, 'gated', 'quick'))?.body, 2);
  t.is((await numbers(db.sql)).players, 5);
  t.deepEqual(await db.sql(`select last_result from tally.jobs where name = 'late'`), [
    { last_result: '1' },
  ]);
  await gate('select pg_advisory_unlock(4711)');
  await Promise.all(slow);
  await work(db.sql);
  t.deepEqual(await db.sql('select from tally.due'), []);
});

test('fills and jobs that take long leave a lane to slow documents, and these one to them', async (t) => {
  const db = await league(t);
  await db.sql(`${insert('new')};
    insert into tally.jobs (name, command, every)
    select 'gated ' || n, 'select pg_advisory_xact_lock_shared(4711)', '1 day'
    from generate_series(1, 3) n`);
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  const jobs: Promise<unknown>[] = [];
  for (const waiting of [1, 2]) {
    const worker = sqlOf(await db.client());
    jobs.push(worker(`select jobs from tally.work()`));
    await until(async () => (await waiters(db.sql)) === waiting, {
      what: `${waiting} jobs`,
    });
  }
  await work(db.sql);
  t.deepEqual((await document(db.sql, 'board', 'new'))?.body, [['x', 1]]);
  t.is(await waiters(db.sql), 2);
  t.is((await db.sql('select from tally.running_jobs()')).length, 2);
  await gate('select pg_advisory_unlock(4711)');
  t.deepEqual(await Promise.all(jobs), [[{ jobs: 1 }], [{ jobs: 1 }]]);
});

test('of a session that is ended in the middle of a build nothing is lost', async (t) => {
  const db = await league(t);
  await db.sql(GATED);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  await db.sql(insert('slow'));
  const victim = await db.client('victim');
  victim.on('error', () => undefined);
  const dying = failure(
    (async () => {
      for (;;) {
        await victim.query('select tally.collect_marks()');
        await victim.query('select * from tally.work()');
      }
    })(),
  );
  await until(async () => (await waiters(db.sql)) > 0);
  await db.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'victim'`,
  );
  t.is((await dying).code, '57P01');
  await gate('select pg_advisory_unlock(4711)');
  await until(async () => (await work(db.sql)) === 0);
  t.is((await document(db.sql, 'gated', 'slow'))?.body, 1);
  t.deepEqual(await db.sql('select from tally.due'), []);
  t.deepEqual(await db.sql('select from tally.announcements'), []);
});

test('work that finds nothing writes nothing', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql('select tally.collect_marks()');
  const session = sqlOf(await db.client());
  await session('begin');
  await session('select tally.collect_marks()');
  await session('select * from tally.work()');
  t.deepEqual(await session('select pg_current_xact_id_if_assigned() as xid'), [{ xid: null }]);
  await session('rollback');
});

test('a document is rebuilt at its max_age by itself', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.clock(scope text) returns jsonb language sql volatile as
      $$ select to_jsonb(clock_timestamp()) $$;
    select tally.create_summary('clock', 'app.clock', max_age => '1 hour')`);
  await work(db.sql);
  await db.sql(`select tally.read_summary('clock')`);
  const before = await document(db.sql, 'clock');
  t.is(await work(db.sql), 0);
  const [due] = await db.sql<{ same: boolean }>(
    `select tally.next_build() = built_at + interval '1 hour' as same from tally.documents
     where next_at is not null`,
  );
  t.true(due?.same);
  await db.sql(`update tally.documents set built_at = built_at - interval '1 hour',
    next_at = next_at - interval '1 hour'`);
  t.not((await document(db.sql, 'clock'))?.due_since, null);
  t.is(await work(db.sql), 1);
  const after = await document(db.sql, 'clock');
  t.true(Number(after?.version) > Number(before?.version));
  t.is(after?.due_since, null);
});

test('a mark of every document reaches one that was being built for the first time', async (t) => {
  const db = await league(t);
  await db.sql(GATED);
  await work(db.sql);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  const reader = sqlOf(await db.client());
  const first = reader(`select tally.read_summary('gated', 'slow') as body`);
  await until(async () => (await waiters(db.sql)) > 0);
  // Its snapshot is taken: it will not see what the TRUNCATE and this row did.
  await db.sql(`truncate app.scores; ${insert('slow')}`);
  await db.sql(`delete from tally.marks where scope = 'slow'`);
  await work(db.sql);
  await gate('select pg_advisory_unlock(4711)');
  await first;
  await work(db.sql);
  t.is((await document(db.sql, 'gated', 'slow'))?.body, 1);
  t.deepEqual(await db.sql('select from tally.due'), []);
});

test('a builder that reads its own document, or goes deeper and deeper, fails in few words', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.same(scope text) returns jsonb language sql stable
      as $$ select tally.read_summary('same', scope) $$;
    create function app.deeper(scope text) returns jsonb language sql stable
      as $$ select tally.read_summary('deeper', scope || 'x') $$;
    select tally.create_summary('same', 'app.same');
    select tally.create_summary('deeper', 'app.deeper')`);
  const same = await failure(db.sql(`select tally.read_summary('same')`));
  t.is(same.code, 'TL021');
  t.true(same.message.endsWith(': its builder reads the document that it builds'), same.message);
  t.true(same.message.length < 200);
  const deeper = await failure(db.sql(`select tally.read_summary('deeper')`));
  t.regex(deeper.message, /^summary "deeper" could not be built .*: stack depth limit exceeded$/);
  t.true(deeper.message.length < 600, String(deeper.message.length));
  const again = await failure(db.sql(`select tally.refresh('deeper', '')`));
  t.true(again.message.length < 600);
});

test('of a long error of a job both ends are kept', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.long() returns void language plpgsql
      as $$ begin raise 'begin % end', repeat('x', 10000); end $$;
    grant usage on schema app to tally_owner;
    insert into tally.jobs (name, command, every) values ('long', 'select app.long()', '1 hour')`);
  await db.sql('select tally.run_due_jobs()');
  const [job] = await db.sql(`select last_error from tally.jobs where name = 'long'`);
  t.regex(job?.last_error, /^begin x+ … x+ end$/);
  t.is(job?.last_error.length, 500);
});
