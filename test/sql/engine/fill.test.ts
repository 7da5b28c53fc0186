import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, finding, isExact, numberOf, numbers, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

async function broken(db: TestDatabase): Promise<void> {
  await db.sql(`create table public.t (x int); insert into public.t values (5), (0), (2);
    select tally.create_counter('broken', 'public.t', amount => '10 / x');
    create table public.g (x int); insert into public.g values (1), (2);
    select tally.create_counter('good', 'public.g')`);
}

const look = async (db: TestDatabase) => {
  const [row] = await db.sql<{ attempts: number; delay: number; error: string; state: string }>(
    `select d.fill_attempts as attempts, d.fill_error as error, c.state,
            extract(epoch from d.fill_again_at - clock_timestamp())::float8 as delay
     from tally.definitions d join tally.counter_definitions c using (name) where name = 'broken'`,
  );
  return row;
};

test('a fill that fails is recorded, tried again later and later, and harms no other', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  t.is((await failure(db.sql(`select tally.fill('broken')`))).code, '22012');
  const [worked] = await db.sql('select filled, next_due > now() as later from tally.work()');
  t.deepEqual(worked, { filled: 1, later: true });
  t.deepEqual(await numbers(db.sql), { good: 2 });
  const first = await look(db);
  t.is(first?.attempts, 1);
  t.regex(first?.error ?? '', /division by zero/);
  t.true((first?.delay ?? 2) <= 1);
  await db.sql(`update tally.definitions set fill_again_at = now() + interval '1 minute'
    where fill_again_at is not null`);
  t.deepEqual(await db.sql('select filled from tally.work()'), [{ filled: 0 }]);
  t.is((await look(db))?.attempts, 1, 'not due yet');

  for (let attempt = 2; attempt <= 6; attempt += 1) {
    await db.sql(
      'update tally.definitions set fill_again_at = now() where fill_again_at is not null',
    );
    const [{ before } = { before: '' }] = await db.sql<{ before: string }>(
      'select clock_timestamp()::text as before',
    );
    await db.sql('select tally.work()');
    const [next] = await db.sql(
      `select d.fill_attempts as attempts,
         d.fill_again_at between $1::timestamptz + $2 and clock_timestamp() + $2 as is_backed_off
       from tally.definitions d where d.name = 'broken'`,
      [before, `${2 ** (attempt - 1)} seconds`],
    );
    t.deepEqual(next, { attempts: attempt, is_backed_off: true });
  }
  await db.sql(
    'update tally.definitions set fill_attempts = 60, fill_again_at = now() where fill_again_at is not null',
  );
  await db.sql('select tally.work()');
  t.true(((await look(db))?.delay ?? 0) <= 300);

  const { status, detail, remedy } = await finding(db.sql, 'counter broken');
  t.is(status, 'fail');
  t.regex(detail, /division by zero/);
  t.regex(remedy ?? '', /tally\.fill/);
});

test('a fill that failed heals when its row is gone, by itself', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  await db.sql('select tally.work()');
  await db.sql('alter table public.t disable trigger user; delete from public.t where x = 0');
  await db.sql('alter table public.t enable trigger user');
  const due = await until(
    async () => (await db.sql('select filled from tally.work() where filled > 0'))[0],
    { what: 'the second attempt' },
  );
  t.deepEqual(due, { filled: 1 });
  t.deepEqual(await numbers(db.sql), { broken: 7, good: 2 });
  t.like(await look(db), { attempts: 0, error: null, state: 'filled' });
});

test('what must look after it locked is refused in a transaction with one snapshot', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  const client = await db.client();
  for (const level of ['repeatable read', 'serializable']) {
    for (const call of [
      'tally.fill()',
      `tally.fill('good')`,
      'tally.work()',
      'tally.pulse()',
      'tally.repair()',
      `tally.create_counter('late', 'public.g')`,
      `tally.drop_counter('good')`,
    ]) {
      await client.query(`begin isolation level ${level}`);
      const error = await failure(client.query(`select * from ${call}`), call);
      await client.query('rollback');
      t.is(error.code, 'TL009', call);
      t.regex(error.message, /READ COMMITTED, not at (REPEATABLE READ|SERIALIZABLE)/);
    }
    await client.query(`begin isolation level ${level}`);
    await t.notThrowsAsync(client.query('select * from tally.verify()'));
    await t.notThrowsAsync(client.query('select * from tally.doctor()'));
    await t.notThrowsAsync(client.query('select * from tally.repair(dry_run => true)'));
    await client.query('rollback');
  }
});

test('a warning names each counter that was left out', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  const client = await db.client();
  const warnings: string[] = [];
  client.on('notice', ({ code, message }) => warnings.push(`${code} ${message}`));
  await client.query('select tally.fill()');
  t.deepEqual(warnings, ['TL013 counter "broken" could not be filled: division by zero']);
});

test('a counter made anew is filled once its predecessor is swept away, and TL016 before', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  await db.sql('select tally.fill(); select tally.pulse()');
  await db.sql(`select tally.drop_counter('good');
    select tally.create_counter('good', 'public.g', scope => 'x')`);
  t.is((await failure(db.sql(`select tally.fill('good')`))).code, 'TL016');
  await db.sql('call tally.tick()');
  t.deepEqual(await numbers(db.sql), { 'good:1': 1, 'good:2': 1 });
});

test('two fills at once fill once, and right', async (t) => {
  const db = await testDatabase(t);
  await db.sql(
    `create table public.t (k int); insert into public.t select i % 3 from generate_series(1, 3000) i`,
  );
  for (const name of ['a', 'b', 'c', 'd']) {
    await db.sql(`select tally.create_counter($1, 'public.t', scope => 'k')`, [name]);
  }
  const sessions = await Promise.all([db.client(), db.client(), db.client()]);
  const fills = sessions.flatMap((client, index) => [
    client.query(index === 0 ? `select tally.fill('a')` : 'select tally.fill()'),
  ]);
  await Promise.all(fills);
  await db.sql('select tally.fill()');
  t.deepEqual(await numbers(db.sql, 'a'), { 'a:0': 1000, 'a:1': 1000, 'a:2': 1000 });
  await isExact(t, db.sql);
});

test('a fill that another session has begun is left to it by work', async (t) => {
  const db = await testDatabase(t);
  await broken(db);
  const other = await db.client();
  await other.query(`begin; select tally.fill('good')`);
  t.deepEqual(await db.sql('select filled from tally.work()'), [{ filled: 0 }]);
  t.is(await numberOf(db.sql, 'good'), undefined);
  t.is(await numberOf(sqlOf(other), 'good'), 2);
  await other.query('rollback');
  t.deepEqual(await db.sql('select filled from tally.work()'), [{ filled: 1 }]);
  t.is(await numberOf(db.sql, 'good'), 2);
});

test('rows, counter and fill in one transaction are right before and after it', async (t) => {
  const db = await testDatabase(t);
  const migration = await db.client();
  const sql = sqlOf(migration);
  await migration.query(`begin; create table public.t (k text); insert into public.t values ('a'), ('b');
    select tally.create_counter('c', 'public.t', scope => 'k'); insert into public.t values ('b')`);
  t.deepEqual(await numbers(sql), {});
  await sql('select tally.fill()');
  t.deepEqual(await numbers(sql), { 'c:a': 1, 'c:b': 2 });
  await migration.query(`delete from public.t where k = 'a'; commit`);
  t.deepEqual(await numbers(db.sql), { 'c:a': 0, 'c:b': 2 });
  await isExact(t, db.sql);
});
