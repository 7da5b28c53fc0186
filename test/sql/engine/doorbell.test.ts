import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, isExact, numberOf, numbers } from '../../helpers/engine.js';
import { listen } from '../../helpers/listener.js';
import { until } from '../../helpers/wait.js';
import { startWriters } from '../../helpers/writers.js';

/** About one write in fold_at folds; that many times as long without one is as good as never. */
const PENDING_MAX = 15_000;

async function table(db: TestDatabase): Promise<void> {
  await db.sql(`update tally.settings set fold_at = default;
    create table public.t (id int generated always as identity, k int);
    select tally.create_counter('rows', 'public.t')`);
}

const pending = async (db: TestDatabase): Promise<number> =>
  Number((await db.sql('select count(*)::int as pending from tally.pending'))[0]?.pending);

test('writers ring while the pulse sleeps, and only then', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const bell = await listen(await db.client(), 'tally_doorbell');
  const server = await db.client();
  const write = () => db.sql('insert into public.t (k) values (1)');
  await write();
  t.is((await bell.settled()).length, 0, 'nobody is there');

  await server.query('select tally.attend(), tally.fall_asleep()');
  await write();
  await write();
  t.is((await bell.settled()).length, 2, 'asleep');
  await db.sql('update public.t set id = default, k = k');
  t.is((await bell.settled()).length, 2, 'nothing counted has changed');
  const undone = await db.client();
  await undone.query('begin; insert into public.t (k) values (1); rollback');
  t.is((await bell.settled()).length, 2, 'nothing was committed');
  await db.sql('truncate public.t');
  t.is((await bell.settled()).length, 3, 'a TRUNCATE rings as well');

  await server.query('select tally.stay_awake()');
  await write();
  t.is((await bell.settled()).length, 3, 'awake');
  await server.query('select tally.fall_asleep()');
  await server.end();
  await write();
  const rung = (await bell.settled()).length;
  await write();
  t.true((await bell.settled()).length - rung <= 1);
  await isExact(t, db.sql);
});

test('with the doorbell off nobody rings, and nobody falls asleep', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const bell = await listen(await db.client(), 'tally_doorbell');
  const server = await db.client();
  await server.query('select tally.fall_asleep()');
  await db.sql('update tally.settings set doorbell = false');
  await db.sql('insert into public.t (k) values (1)');
  t.is((await bell.settled()).length, 0);
  const other = await db.client();
  t.deepEqual((await other.query('select tally.fall_asleep() as asleep')).rows, [
    { asleep: false },
  ]);
});

test('prepared transactions count at COMMIT PREPARED once the doorbell is off', async (t) => {
  const db = await testDatabase(t);
  const [setting] = await db.sql<{ n: number }>(
    `select current_setting('max_prepared_transactions')::int as n`,
  );
  if ((setting?.n ?? 0) === 0) return void t.pass('this server has no prepared transactions');
  await table(db);
  const server = await db.client();
  await server.query('select tally.fall_asleep()');
  const client = await db.client();
  await client.query('begin; insert into public.t (k) values (1)');
  const error = await failure(client.query(`prepare transaction '${db.name}_a'`));
  t.regex(error.message, /NOTIFY/);

  await db.sql('update tally.settings set doorbell = false');
  for (const name of ['b', 'c']) {
    await client.query(`begin; insert into public.t (k) values (1), (2); savepoint s;
      delete from public.t where k = 2; prepare transaction '${db.name}_${name}'`);
  }
  t.deepEqual(await numbers(db.sql), {});
  for (let n = 0; n < 3; n += 1) {
    await db.sql('insert into public.t (k) values (3)');
    await db.sql('select tally.pulse()');
  }
  await client.query(`commit prepared '${db.name}_b'`);
  t.is(await numberOf(db.sql, 'rows'), 4);
  await db.sql('select tally.pulse()');
  await client.query(`rollback prepared '${db.name}_c'`);
  await db.sql('select tally.pulse()');
  t.is(await numberOf(db.sql, 'rows'), 4);
  t.is(await pending(db), 0);
  await isExact(t, db.sql);
});

test.serial(
  'what is pending stays bounded while nobody attends, and no writer rings',
  async (t) => {
    const db = await testDatabase(t);
    await table(db);
    await db.sql(`select tally.create_counter('kinds', 'public.t', scope => 'k')`);
    const bell = await listen(await db.client(), 'tally_doorbell');
    const writers = await startWriters(db, 4, async (sql, _round, session) => {
      // 500 transactions of one row each, without a round trip for each.
      await sql(`do $$ begin for i in 1 .. 500 loop
      insert into public.t (k) values (${session}); commit; end loop; end $$`);
    });
    // Where the machine stands still in a fold, others write on; it comes down again by itself.
    await until(() => writers.statements() > 100, { deadlineMs: 120_000 });
    await until(async () => (await pending(db)) < PENDING_MAX, { what: 'fewer pending' });
    await writers.stop();
    const [folds] = await db.sql<{ pulses: number }>(
      'select max(pulse)::int as pulses from tally.pulses',
    );
    t.true((folds?.pulses ?? 0) > 5, `${folds?.pulses} folds`);
    t.deepEqual(await bell.settled(), []);
    t.deepEqual(await db.sql('select * from tally.fold_requests'), []);
    await isExact(t, db.sql);
  },
);

test('with fold_at 0, or a server that attends, writers leave the fold alone', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const write = () =>
    db.sql(`do $$ begin for i in 1 .. 4000 loop
      insert into public.t (k) values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10);
      commit; end loop; end $$`);
  await db.sql('update tally.settings set fold_at = 0');
  await write();
  t.is(await pending(db), 4000);
  await db.sql('update tally.settings set fold_at = default');
  const server = await db.client();
  await server.query('select tally.attend()');
  await write();
  t.is(await pending(db), 8000);
  await server.query('select tally.pulse()');
  t.is(await numberOf(db.sql, 'rows'), 80_000);
});

test('a fold at commit that fails is not the writer’s business', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  await db.sql(`alter table tally.totals add constraint full_up check (value < 0) not valid`);
  const client = await db.client();
  await client.query(`begin; insert into public.t (k) values (1);
    insert into tally.fold_requests default values; commit`);
  t.is(await numberOf(db.sql, 'rows'), 1);
  await db.sql('alter table tally.totals drop constraint full_up');
  await client.query(`begin; insert into public.t (k) values (1);
    insert into tally.fold_requests default values; commit`);
  t.is(await pending(db), 0);
  t.deepEqual(await db.sql('select * from tally.fold_requests'), []);
  await isExact(t, db.sql);
});

test('a writer whose constraints are immediate does not hold up the pulse', async (t) => {
  const db = await testDatabase(t);
  await table(db);
  const writer = await db.client();
  await writer.query('begin; set constraints all immediate');
  // One delta in a thousand asks for a fold: so that some of these do, all but surely.
  await writer.query(`do $$ begin
    for i in 1 .. 20000 loop insert into public.t (k) values (1); end loop; end $$`);
  await db.sql('update tally.settings set fold_at = 0');
  await db.sql('insert into public.t (k) values (2)');
  t.deepEqual(await db.sql('select folded from tally.pulse()'), [{ folded: 1 }]);
  await writer.query('commit');
  t.is(await numberOf(db.sql, 'rows'), 20_001);
  await isExact(t, db.sql);
});
