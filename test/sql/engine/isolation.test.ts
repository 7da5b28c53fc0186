import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import {
  isExact,
  numberOf,
  numbers,
  pulse,
  type Sql,
  sqlOf,
  standing,
} from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';
import { pidOf } from './oracle/client.js';

/** Sessions beside each other, at every isolation level. */

async function tables(db: TestDatabase): Promise<void> {
  await db.sql(`
    create table public.a (id int primary key);
    create table public.b (id int primary key);
    select tally.create_counter('a', 'public.a');
    select tally.create_counter('b', 'public.b');
    insert into public.a values (1), (2), (3)`);
}

async function session(db: TestDatabase): Promise<{ sql: Sql; pid: number }> {
  const client = await db.client();
  return { sql: sqlOf(client), pid: await pidOf(client) };
}

const RR_TRUNCATE = 'begin isolation level repeatable read; truncate public.a; commit';

test('a transaction sees its own writes counted, and nobody sees another’s before its commit', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const { sql } = await session(db);
  await sql('begin; insert into public.a values (4); delete from public.a where id < 3');
  t.is(await numberOf(sql, 'a'), 2);
  t.is(await numberOf(db.sql, 'a'), 3);
  await sql('commit');
  t.is(await numberOf(db.sql, 'a'), 2);
});

test('a REPEATABLE READ reader sees the numbers of its snapshot, however often others fold', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const { sql } = await session(db);
  await sql('begin isolation level repeatable read');
  t.deepEqual(await standing(sql), { a: 3 });
  await db.sql('insert into public.a values (4)');
  await pulse(db.sql);
  await db.sql('insert into public.b values (1)');
  await pulse(db.sql);
  t.deepEqual(await standing(sql), { a: 3 });
  await sql('insert into public.a values (5)');
  t.deepEqual(await standing(sql), { a: 4 });
  await sql('commit');
  t.deepEqual(await standing(db.sql), { a: 5, b: 1 });
});

for (const level of ['repeatable read', 'serializable']) {
  test(`${level} writers of one counter all commit, pulses and all`, async (t) => {
    const db = await testDatabase(t);
    await tables(db);
    const writers = await Promise.all([session(db), session(db), session(db)]);
    for (const { sql } of writers)
      await sql(`begin isolation level ${level}; select from public.b`);
    for (const [i, { sql }] of writers.entries()) {
      await sql(`insert into public.a values (${10 + i})`);
      await pulse(db.sql);
    }
    for (const { sql } of writers) {
      await sql('commit');
      await pulse(db.sql);
    }
    t.is(await numberOf(db.sql, 'a'), 6);
    await isExact(t, db.sql);
  });
}

test('two transactions that count into two counters in opposite order never wait', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const [one, two] = await Promise.all([session(db), session(db)]);
  for (const { sql } of [one, two]) await sql(`set lock_timeout = 1; begin`);
  await one.sql('insert into public.a values (11)');
  await two.sql('insert into public.b values (12)');
  await one.sql('insert into public.b values (11)');
  await two.sql('insert into public.a values (12)');
  t.deepEqual(
    [await standing(one.sql), await standing(two.sql)],
    [
      { a: 4, b: 1 },
      { a: 4, b: 1 },
    ],
  );
  await one.sql('commit');
  await two.sql('commit');
  t.deepEqual(await standing(db.sql), { a: 5, b: 2 });
});

test('a writer that has counted holds no lock that a writer, a reader or a pulse could want', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const { sql, pid } = await session(db);
  await sql('begin; insert into public.a values (4); update public.a set id = 5 where id = 4');
  await sql('delete from public.a where id = 5');
  const held = await db.sql<{ mode: string }>(
    `select distinct l.mode from pg_locks l
     left join pg_class c on c.oid = l.relation
     where l.pid = $1 and l.locktype not in ('virtualxid', 'transactionid')
       and (c.oid is null or c.relnamespace = 'tally'::regnamespace) order by 1`,
    [pid],
  );
  t.deepEqual(
    held.map(({ mode }) => mode),
    ['AccessShareLock', 'RowExclusiveLock'].filter((mode) => held.some((one) => one.mode === mode)),
  );
  t.true((await pulse(db.sql)).folded > 0);
  await sql('rollback');
});

test('a TRUNCATE in REPEATABLE READ leaves its counters unfilled, and work fills them again', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const writer = await session(db);
  await writer.sql('begin isolation level repeatable read; select from public.b');
  await db.sql('insert into public.a values (4)');
  await writer.sql('truncate public.a; insert into public.a values (9)');
  await writer.sql('commit');
  t.deepEqual(await numbers(db.sql), {}, 'no number rather than a wrong one');
  t.deepEqual(
    await db.sql(`select name, state from tally.counter_definitions where filled_at is null`),
    [{ name: 'a', state: 'filling' }],
  );
  t.is((await pulse(db.sql)).announced, 0);
  await db.sql('select tally.work()');
  t.deepEqual(await standing(db.sql), { a: 1 });
  t.is((await pulse(db.sql)).announced, 1);
  await isExact(t, db.sql);
});

for (const [what, broken, write] of [
  ['that truncate', false, (table: string) => `truncate public.${table}`],
  ['of broken counters', true, (table: string) => `insert into public.${table} values ('y')`],
] as const) {
  test(`SERIALIZABLE writers ${what}, each tables of its own, both commit`, async (t) => {
    const db = await testDatabase(t);
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) {
      await db.sql(`
        create table public.${name} (note text);
        select tally.create_counter('${name}', 'public.${name}', scope => 'note');
        insert into public.${name} values ('x')`);
      if (broken) await db.sql(`alter table public.${name} rename note to remark`);
    }
    const writers = await Promise.all([session(db), session(db)]);
    for (const { sql } of writers) await sql('begin isolation level serializable');
    // In turns: what one reads before, and what it reads after, the other has written.
    for (const [i, name] of names.entries()) await writers[i % 2]?.sql(write(name));
    for (const { sql } of writers) await sql('commit');
    t.deepEqual(await numbers(db.sql), {}, 'no number rather than a wrong one');
    if (broken)
      for (const name of names) await db.sql(`alter table public.${name} rename remark to note`);
    await db.sql('select tally.fill()');
    await isExact(t, db.sql);
  });
}

test('a TRUNCATE whose snapshot still sees an earlier one unfilled is filled for once more', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(RR_TRUNCATE);
  const { sql } = await session(db);
  await sql('begin isolation level repeatable read; select from public.b');
  await db.sql('insert into public.a values (1), (2)');
  await db.sql('select tally.work()');
  t.is(await numberOf(db.sql, 'a'), 2);
  await sql('truncate public.a; commit');
  t.is(await numberOf(db.sql, 'a'), undefined);
  await db.sql('select tally.work()');
  t.is(await numberOf(db.sql, 'a'), 0);
  await isExact(t, db.sql);
});

test('verify does not report what a TRUNCATE that it waited for took out of service', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const [writer, auditor] = await Promise.all([session(db), session(db)]);
  await writer.sql('begin isolation level repeatable read; truncate public.a');
  const found = auditor.sql('select * from tally.verify()');
  const blocked = 'select cardinality(pg_blocking_pids($1)) > 0 as blocked';
  await until(async () => (await db.sql<{ blocked: boolean }>(blocked, [auditor.pid]))[0]?.blocked);
  await writer.sql('commit');
  t.deepEqual(await found, []);
});

test('what changed while a counter was unfilled twice is announced once it is filled', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.p (s text, k int) partition by list (k);
    create table public.a partition of public.p for values in (1);
    create table public.p2 partition of public.p for values in (2);
    select tally.create_counter('p', 'public.p', scope => 's')`);
  const listener = await db.client();
  const heard: string[] = [];
  listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await listener.query('listen tally');
  await db.sql(RR_TRUNCATE);
  await db.sql(`insert into public.p values ('x', 2)`);
  await pulse(db.sql);
  await db.sql('select tally.work()');
  await db.sql(RR_TRUNCATE);
  await pulse(db.sql);
  await db.sql('select tally.work()');
  const last = await pulse(db.sql);
  await until(() => heard.some((one) => one.startsWith(`{"pulse":${last.pulse},`)), {
    what: 'the last announcement',
  });
  t.true(heard.join().includes('["p","x",1]'), heard.join('\n'));
});
