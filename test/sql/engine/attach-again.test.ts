import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, isExact, numberOf, numbers, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';
import { startWriters } from '../../helpers/writers.js';

const CREATE = `select tally.create_counter($1, 'public.t', scope => $2)`;
const TABLE = 'create table public.t (id int generated always as identity, k int)';

test('two declarations at once of two counters of one table both count', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  const [one, two] = await Promise.all([db.client(), db.client()]);
  for (let round = 0; round < 8; round += 1) {
    await Promise.all([
      one.query(CREATE, [`a${round}`, 'k']),
      two.query(CREATE, [`b${round}`, null]),
    ]);
  }
  await db.sql('insert into public.t (k) values (7)');
  t.is(Object.values(await numbers(db.sql)).filter((value) => value === 1).length, 16);
  await isExact(t, db.sql);
});

test('two declarations at once of the same counter are one', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  const clients = await Promise.all([db.client(), db.client(), db.client()]);
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(clients.map((client) => client.query(CREATE, [`c${round}`, 'k'])));
  }
  const other = Promise.all([
    clients[0]?.query(CREATE, ['d', 'k']),
    clients[1]?.query(CREATE, ['d', 'k + 1']),
  ]);
  t.is((await failure(other)).code, 'TL002');
  await db.sql('insert into public.t (k) values (7)');
  await isExact(t, db.sql);
});

test('a counter is dropped and made again under load, with another definition, in one go', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  await db.sql(CREATE, ['c', 'k']);
  const writers = await startWriters(db, 3, (sql, round, session) =>
    sql(
      round % 3 === 2
        ? 'update public.t set k = k + 1 where id % 50 = $1'
        : 'insert into public.t (k) values ($1), ($1)',
      [session],
    ),
  );
  const dba = sqlOf(await db.client('dba'));
  for (const scope of ['k % 2', null, 'k', 'k % 3']) {
    await dba('begin');
    await dba(`select tally.drop_counter('c')`);
    await dba(CREATE, ['c', scope]);
    await dba('commit');
    // Beats as a server does: with writers between any two of them.
    await until(
      async () => {
        const before = writers.statements();
        await until(() => writers.statements() > before);
        await dba('select tally.pulse()');
        await dba('select tally.work()');
        return (await dba('select from tally.counter_definitions where filled_at is not null'))
          .length;
      },
      { what: `c by ${scope} being filled` },
    );
    t.deepEqual(await dba('select * from tally.verify()'), [], String(scope));
  }
  await writers.stop();
  await isExact(t, db.sql);
  t.true(Object.keys(await numbers(db.sql)).every((topic) => /^c:[012]$/.test(topic)));
});

test('a tick ends although a counter was dropped under load', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  await db.sql(CREATE, ['c', 'k']);
  const writers = await startWriters(db, 3, (sql, round) =>
    sql('insert into public.t (k) values ($1)', [round]),
  );
  await db.sql(`select tally.drop_counter('c')`);
  await db.sql(CREATE, ['c', 'k % 5']);
  const ticking = await db.client('tick');
  await ticking.query(`set statement_timeout = '60s'`);
  await t.notThrowsAsync(ticking.query('call tally.tick()'));
  await writers.stop();
  await db.sql('call tally.tick()');
  await isExact(t, db.sql);
});

test('the totals of a dropped counter are swept away, and nobody else’s', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  await db.sql(CREATE, ['gone', 'k']);
  await db.sql(CREATE, ['stays', 'k % 7']);
  await db.sql('insert into public.t (k) select generate_series(1, 12000)');
  await db.sql('select tally.pulse()');
  const before = await numbers(db.sql, 'stays');
  await db.sql(`select tally.drop_counter('gone')`);
  t.deepEqual(await numbers(db.sql), before);
  await db.sql('call tally.tick()');
  t.deepEqual(await db.sql('select count(*)::int from tally.totals'), [{ count: 7 }]);
  t.deepEqual(await db.sql('select * from tally.dropped'), []);
  t.deepEqual(await numbers(db.sql), before);
});

test('two drops at once leave nothing half dropped', async (t) => {
  const db = await testDatabase(t);
  await db.sql(TABLE);
  const [one, two] = await Promise.all([db.client(), db.client()]);
  for (let round = 0; round < 5; round += 1) {
    await db.sql(CREATE, ['c', 'k']);
    const results = await Promise.allSettled([
      one.query(`select tally.drop_counter('c')`),
      two.query(`select tally.drop_counter('c')`),
    ]);
    t.true(results.some(({ status }) => status === 'fulfilled'));
    await db.sql('insert into public.t (k) values (1)');
    await db.sql('call tally.tick()');
    t.deepEqual(await db.sql('select name from tally.counter_definitions'), []);
    t.deepEqual(await db.sql(`select from pg_trigger where tgrelid = 'public.t'::regclass`), []);
  }
  await db.sql(CREATE, ['c', 'k']);
  await db.sql('call tally.tick()');
  t.is(await numberOf(db.sql, 'c', '1'), 5);
});
