import test, { type ExecutionContext } from 'ava';
import { openPool } from '../../src/pool.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { failure } from '../helpers/engine.js';
import { waitersAt } from '../helpers/gate.js';
import { until } from '../helpers/wait.js';

type Options = { readonly size?: number; readonly onReadOnly?: () => void };

function pool(t: ExecutionContext<unknown>, { url }: TestDatabase, options: Options = {}) {
  const opened = openPool({
    ...{ url, size: 2, statementTimeoutMs: 30_000, isShared: false, ...options },
    onError: (error) => t.log(error.message),
  });
  t.teardown(() => opened.close());
  const ask = async <Row extends unknown[]>(text: string) =>
    await opened.rows<Row>({ name: text.slice(0, 60), text }, []);
  return { ...opened, ask };
}

/** A session has come to the gate. */
const isHeld = async ({ sql }: TestDatabase): Promise<boolean> => (await waitersAt(sql, 4711)) > 0;

test('a session outlives what is wrong with a request', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create function public.refuse(code text) returns int language plpgsql as
    $$begin raise exception using errcode = code, message = 'no'; end$$`);
  const { ask } = pool(t, db, { size: 1 });
  const pid = async () => (await ask<[number]>('select pg_backend_pid()'))[0]?.[0];
  const first = await pid();
  for (const code of ['TA404', 'TL021', '23505', '22P02']) {
    t.is((await failure(ask(`select public.refuse('${code}')`))).code, code);
    t.is(await pid(), first, code);
  }
  t.is((await failure(ask(`select public.refuse('0A000')`))).code, '0A000');
  t.not(await pid(), first, 'a plan that does not fit any more, say');
});

test('a session that may only read is given up when a write fails on it', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.things (id int)');
  let told = 0;
  const { ask } = pool(t, db, { size: 1, onReadOnly: () => (told += 1) });
  const before = await db.client();
  await before.query(`alter database ${db.name} set default_transaction_read_only = on`);
  t.is((await failure(ask('insert into public.things values (1)'))).code, '25006');
  await before.query(`alter database ${db.name} reset default_transaction_read_only`);
  await ask('insert into public.things values (1)');
  t.is(told, 1);
});

test('whoever waits for a session of a pool that is given up gets one of the next', async (t) => {
  const db = await testDatabase(t);
  const { ask, renew } = pool(t, db, { size: 1 });
  const gate = await db.client();
  await gate.query('select pg_advisory_lock(4711)');
  const held = ask('select pg_advisory_xact_lock_shared(4711)').catch((error: unknown) => error);
  await until(() => isHeld(db));
  let isOver = false;
  void held.then(() => {
    isOver = true;
  });
  const waits = ask<[number]>('select 7');
  const renewedAt = performance.now();
  renew();
  t.deepEqual(await ask<[number]>('select 8'), [[8]]);
  t.deepEqual(await waits, [[7]]);
  t.false(isOver, 'and does not wait for the other');
  t.true(performance.now() - renewedAt < 4500, 'nor until his own five seconds are over');
  await gate.query('select pg_advisory_unlock(4711)');
  await held;
});

test('a renewal that comes while an earlier pool ends is made up for', async (t) => {
  const db = await testDatabase(t);
  const { ask, renew } = pool(t, db);
  const gate = await db.client();
  await gate.query('select pg_advisory_lock(4711)');
  const held = ask('select pg_advisory_xact_lock_shared(4711)');
  await until(() => isHeld(db));
  const pid = async () => (await ask<[number]>('select pg_backend_pid()'))[0]?.[0];
  renew();
  const second = await pid();
  renew();
  t.is(await pid(), second, 'one that is given up at a time');
  await gate.query('select pg_advisory_unlock(4711)');
  await held;
  await ask('select 1');
  t.not(await pid(), second);
});
