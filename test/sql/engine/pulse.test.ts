import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, isExact, numberOf, numbers, pulse, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';
import { startWriters } from '../../helpers/writers.js';

async function table(db: TestDatabase): Promise<void> {
  await db.sql(`create table public.t (id int generated always as identity, k int);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
}

const pending = async (db: TestDatabase): Promise<number> =>
  Number((await db.sql('select pending from tally.status'))[0]?.pending);

test('of two pulses at once one folds, and the other returns at once', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('insert into public.t (k) values (1)');
  const [one, two] = await Promise.all([db.client(), db.client()]);
  await one.query('begin');
  t.deepEqual(await pulse(sqlOf(one)), { pulse: 1, folded: 2, announced: 2 });
  await two.query(`set statement_timeout = '20s'`);
  t.deepEqual(await pulse(sqlOf(two)), { pulse: 0, folded: 0, announced: 0 });
  await one.query('rollback');
  t.deepEqual(await pulse(sqlOf(two)), { pulse: 1, folded: 2, announced: 2 });
  t.deepEqual(await pulse(sqlOf(one)), { pulse: 1, folded: 0, announced: 0 });
});

test('a pulse that dies half way loses nothing', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('insert into public.t (k) select i % 100 from generate_series(1, 1000) i');
  const before = await numbers(db.sql);
  const dying = await db.client('dying');
  await dying.query('begin; select tally.pulse()');
  t.deepEqual(await numbers(db.sql), before);
  await db.sql(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'dying'`,
  );
  t.deepEqual(await numbers(db.sql), before);
  const { pulse: number, folded } = await pulse(db.sql);
  t.deepEqual([number, folded], [1, 101]);
  t.deepEqual(await numbers(db.sql), before);
  await isExact(t, db.sql);
});

test('an idle pulse writes nothing and takes no transaction number', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('insert into public.t (k) values (1); select tally.pulse()');
  const client = await db.client();
  await client.query('begin');
  t.deepEqual(await pulse(sqlOf(client)), { pulse: 1, folded: 0, announced: 0 });
  const { rows } = await client.query('select pg_current_xact_id_if_assigned() as xid');
  t.deepEqual(rows, [{ xid: null }]);
  await client.query('commit');
  t.deepEqual(await db.sql('select count(*)::int from tally.pulses'), [{ count: 2 }]);
});

test('pulses are numbered in the order in which they commit, and versions say which', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const writers = await startWriters(db, 2, (sql, round) =>
    sql('insert into public.t (k) values ($1)', [round % 3]),
  );
  const pulsers = await startWriters(db, 3, (sql) => sql('select tally.pulse()'));
  await until(async () => Number((await db.sql('select pulse from tally.status'))[0]?.pulse) > 60);
  await Promise.all([writers.stop(), pulsers.stop()]);
  const [row] = await db.sql(`select count(*) filter (where pulse <> before + 1)::int as gaps,
    count(*) filter (where xid < before_xid)::int as back from (
      select pulse, lag(pulse) over w as before, written_by::text::bigint as xid,
        lag(written_by::text::bigint) over w as before_xid
      from tally.pulses where pulse > 0 window w as (order by pulse)) p`);
  t.like(row, { gaps: 0 });
  const last = await pulse(db.sql);
  await db.sql('insert into public.t (k) values (0)');
  const next = await pulse(db.sql);
  t.is(next.pulse, last.pulse + 1);
  t.deepEqual(
    await db.sql(
      `select scope, version::int from tally.counters where name = 'kinds' and scope = '0'`,
    ),
    [{ scope: '0', version: next.pulse }],
  );
  await isExact(t, db.sql);
});

test('a pulse inside a transaction that writes before and after it counts all once', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const client = await db.client();
  const sql = sqlOf(client);
  await client.query('begin; insert into public.t (k) values (1)');
  t.is((await pulse(sql)).folded, 2);
  await client.query('insert into public.t (k) values (1), (2)');
  t.deepEqual(await numbers(sql), { rows: 3, 'kinds:1': 2, 'kinds:2': 1 });
  t.is((await pulse(sql)).folded, 3);
  await client.query('insert into public.t (k) values (3); savepoint s; select tally.pulse()');
  await client.query('insert into public.t (k) values (3); rollback to s');
  t.deepEqual(await numbers(sql), { rows: 4, 'kinds:1': 2, 'kinds:2': 1, 'kinds:3': 1 });
  await client.query('savepoint s; select tally.pulse(); release s');
  await client.query('insert into public.t (k) values (4); commit');
  const all = { rows: 5, 'kinds:1': 2, 'kinds:2': 1, 'kinds:3': 1, 'kinds:4': 1 };
  t.deepEqual(await numbers(db.sql), all);
  t.is((await pulse(db.sql)).folded, 2);
  t.deepEqual(await numbers(db.sql), all);
  t.is((await pulse(db.sql)).folded, 0);
  t.deepEqual(await db.sql('select * from tally.deltas'), []);
  await isExact(t, db.sql);
});

test('a pulse in an exception block folds, and one that is undone folds nothing', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('insert into public.t (k) values (1)');
  const fold = (after: string) =>
    db.sql(`do $$ begin begin perform tally.pulse(); ${after}
      exception when division_by_zero then null; end; end $$`);
  await fold('perform 1 / 0;');
  t.is(await pending(db), 2);
  await fold('');
  t.is(await pending(db), 0);
  await db.sql('insert into public.t (k) values (1)');
  t.is((await pulse(db.sql)).folded, 2);
  t.deepEqual(await db.sql('select * from tally.deltas'), []);
  await isExact(t, db.sql);
});

test('a writer that stays open across many pulses is folded once, after its commit', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const open = await Promise.all([db.client(), db.client(), db.client()]);
  for (const [index, client] of open.entries()) {
    await client.query(`begin${index === 1 ? ' isolation level serializable' : ''};
      insert into public.t (k) values (100)`);
  }
  for (let round = 1; round <= 20; round += 1) {
    await db.sql('insert into public.t (k) values (1)');
    t.is((await pulse(db.sql)).folded, 2);
    await open[round % 3]?.query('savepoint s; insert into public.t (k) values (100)');
  }
  await open[0]?.query('commit');
  await open[2]?.query('rollback');
  t.is(await numberOf(db.sql, 'kinds', '100'), 7);
  t.is((await pulse(db.sql)).folded, 14);
  await open[1]?.query('commit');
  t.is((await pulse(db.sql)).folded, 16);
  t.is((await pulse(db.sql)).folded, 0);
  t.is(await numberOf(db.sql, 'kinds', '100'), 15);
  t.deepEqual(await db.sql('select * from tally.deltas'), []);
  await isExact(t, db.sql);
});

test('as many pulses are kept as the settings say', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql('update tally.settings set keep_pulses = 10');
  for (let n = 0; n < 25; n += 1) {
    await db.sql('insert into public.t (k) values (1)');
    await pulse(db.sql);
  }
  t.deepEqual(await db.sql('select count(*)::int, max(pulse)::int from tally.pulses'), [
    { count: 10, max: 25 },
  ]);
  const error = await failure(db.sql('update tally.settings set keep_pulses = 1'));
  t.is(error.constraint, 'settings_keep_pulses');
});
