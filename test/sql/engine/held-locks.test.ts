import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../src/database.js';
import { asUser, testDatabase, testRole } from '../../helpers/database.js';
import { failure, finding, numbers, pulse, sqlOf } from '../../helpers/engine.js';

/** A database, and a session of a role without any right that holds an advisory lock. */
async function held(t: ExecutionContext<unknown>, lock: string) {
  const evil = await testRole(t, 'login');
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int); select tally.create_counter('rows', 'public.t')`);
  const holder = await connect(asUser(db.url, evil), 'evil');
  t.teardown(() => holder.end());
  await holder.query(`select pg_advisory_lock(${lock})`);
  return { db, evil };
}

for (const lock of ['1952541804, 1', '1952541804, 2']) {
  test(`a role without rights that holds (${lock}) holds up no pulse, no document, no commit`, async (t) => {
    const { db } = await held(t, lock);
    const sql = sqlOf(await db.client());
    await sql(`set statement_timeout = '10s'`);
    await sql(`create function public.doc(scope text) returns jsonb language sql
                 as $$ select to_jsonb(scope) $$;
      select tally.create_summary('doc', 'public.doc', audience => 'public')`);

    await sql(
      'begin; insert into public.t values (1); insert into tally.fold_requests default values; commit',
    );
    t.deepEqual(await sql('select count(*)::int as n from tally.pending'), [{ n: 0 }]);
    await sql('insert into public.t values (2)');
    t.is((await pulse(sql)).folded, 1);
    t.deepEqual(await sql(`select tally.read_summary('doc', 'a') is not null as ok`), [
      { ok: true },
    ]);
    t.deepEqual(await numbers(sql), { rows: 2 });
  });
}

test('a fold at commit waits for nobody who takes a number, and the next pulse folds', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int); select tally.create_counter('rows', 'public.t')`);
  const taking = sqlOf(await db.client('taking'));
  await taking('begin');
  await taking('select tally.next_pulse()');
  const writer = sqlOf(await db.client());
  await writer(`set statement_timeout = '10s'`);
  await writer(
    'begin; insert into public.t values (1); insert into tally.fold_requests default values; commit',
  );
  t.deepEqual(await db.sql('select count(*)::int as n from tally.pending'), [{ n: 1 }]);
  await taking('rollback');
  t.is((await pulse(db.sql)).folded, 1);
});

test('the doctor names who has kept the pulse’s turn for long', async (t) => {
  const db = await testDatabase(t);
  const taking = sqlOf(await db.client('forgetful'));
  await taking('begin');
  await taking(`select tally.next_pulse()`);
  t.deepEqual(
    await db.sql(`select h.name, a.application_name as app from tally.turn_holders h
                  join pg_stat_activity a on a.pid = h.pid`),
    [{ name: 'number', app: 'forgetful' }],
  );
  await db.sql(`do $$ begin
    execute replace(pg_get_functiondef('tally.doctor_pulse()'::regprocedure), '10 s', '0 s'); end $$`);
  t.regex((await finding(db.sql, 'pulse lock')).detail, /forgetful/);
});

test('create_counter names who holds its counter’s lock, after attach_wait', async (t) => {
  const { db, evil } = await held(t, '0');
  const holder = await connect(asUser(db.url, evil), 'evil');
  t.teardown(() => holder.end());
  const [row] = await db.sql<{ id: string }>(`select tally.counter_id('held') as id`);
  await holder.query('select pg_advisory_lock($1)', [row?.id]);
  const sql = sqlOf(await db.client());
  await sql(`set statement_timeout = '20s'; update tally.settings set attach_wait = '200 ms'`);
  const error = await failure(sql(`select tally.create_counter('held', 'public.t')`));
  t.is(error.code, 'TL008');
  t.true(error.detail?.includes(evil), error.detail);
  await holder.end();
  await sql(`select tally.create_counter('held', 'public.t')`);
});
