import test from 'ava';
import { runPulse } from '../../../src/live/pulse.js';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

test('a fill that outlasts statement_timeout is recorded, and the others are filled', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create function public.slow(int) returns int immutable language plpgsql as $$
      begin perform pg_sleep(0.5); return $1; end $$;
    create table public.a (id int); insert into public.a select generate_series(1, 40);
    create table public.b (id int); insert into public.b values (1)`);
  await sql(`select tally.create_counter('slow', 'public.a', 'slow(id) > 0')`);
  await sql(`select tally.create_counter('quick', 'public.b')`);
  const worker = sqlOf(await client());
  await worker('set statement_timeout = 4000');
  await worker('select tally.work()');
  await worker(`set statement_timeout = 0`);
  await sql(`update tally.definitions set fill_again_at = now() + interval '1 minute'
    where fill_again_at is not null`);
  await worker('select tally.work()');
  t.deepEqual(await numbers(sql), { quick: 1 });
  const [row] = await sql<{ state: string }>(
    `select state from tally.counter_definitions where name = 'slow'`,
  );
  t.is(row?.state, 'broken');
});

test('tick ends at once where another session pulses, even with totals still to be swept', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql('create table public.a (id int); insert into public.a values (1)');
  await sql(`select tally.create_counter('c', 'public.a')`);
  await sql('call tally.tick()');
  await sql('insert into public.a values (2)');
  const other = await client();
  await other.query('begin');
  await other.query('select tally.pulse()');
  await sql(`select tally.drop_counter('c')`);
  const ticker = sqlOf(await client());
  await ticker('set statement_timeout = 5000');
  await ticker('call tally.tick()');
  t.deepEqual(await sql('select count(*)::int as n from tally.dropped'), [{ n: 1 }]);
  await other.query('rollback');
  await ticker('call tally.tick()');
  t.deepEqual(await sql('select count(*)::int as n from tally.dropped'), [{ n: 0 }]);
});

test('the pulse runs in a database whose default isolation is serializable', async (t) => {
  const { sql, url, name } = await testDatabase(t);
  await sql(`alter database ${name} set default_transaction_isolation = 'serializable'`);
  await sql('create table public.a (id int)');
  await sql(`begin isolation level read committed;
    select tally.create_counter('c', 'public.a'); commit`);
  const running = runPulse({ url, tickMs: 10, idleMs: 100, log: (line) => t.log(line) });
  t.teardown(() => running.stop());
  await sql('insert into public.a values (1)');
  await until(async () => {
    const rows = await sql<{ value: string }>('select value from tally.totals');
    return rows[0]?.value === '1';
  });
  t.pass();
});

test('a drop that a pulse under way did not see leaves nothing to the next of that name', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql('create table public.a (id int); create table public.b (id int)');
  await sql(`select tally.create_counter('c', 'public.a')`);
  await sql(`select tally.create_counter('d', 'public.b')`);
  await sql('insert into public.a values (1)');
  const pulsing = await client();
  await pulsing.query('begin');
  await pulsing.query('select tally.pulse()');
  await sql('insert into public.a values (2)');
  await sql(`select tally.drop_counter('c')`);
  await pulsing.query('commit');
  await sql('truncate public.a');
  await sql(`select tally.create_counter('c', 'public.a')`);
  await sql('call tally.tick()');
  t.deepEqual(await numbers(sql, 'c'), {});
  await sql('insert into public.a values (3)');
  t.deepEqual(await numbers(sql, 'c'), { c: 1 });
});

test('a tick ends though a rule makes new due rows for ever', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.a (id bigint generated always as identity primary key,
      due timestamptz not null, done boolean not null default false);
    select tally.create_counter('open', 'public.a', 'not done');
    select tally.create_expiry('a', 'public.a', 'due', 'not done', 'done = true');
    create function public.another() returns trigger language plpgsql as $$
      begin insert into public.a (due) values (now() - interval '1 s'); return null; end $$;
    create trigger another after update on public.a for each row
      execute function public.another();
    insert into public.a (due) values (now())`);
  await sql(`set statement_timeout = '30s'`);
  await t.notThrowsAsync(sql(`call tally.tick('5 seconds')`));
  await sql('set statement_timeout = 0');
  const [row] = await sql<{ done: number }>(
    'select count(*) filter (where done)::int as done from public.a',
  );
  t.true((row?.done ?? 0) > 1);
  await isExact(t, sql);
});

test('work goes on in a session whose DateStyle changes, or that has written its setting', async (t) => {
  const { client } = await testDatabase(t);
  const sql = sqlOf(await client());
  await sql(`set datestyle = 'SQL, DMY'`);
  await sql('select tally.work()');
  await sql(`set datestyle = 'ISO, MDY'`);
  await t.notThrowsAsync(sql('select tally.work()'));
  await sql(`set tally.looked_at = 'garbage'`);
  await t.notThrowsAsync(sql('select tally.work()'));
});
