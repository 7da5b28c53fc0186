import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { sqlOf } from '../../helpers/engine.js';
import { listen } from '../../helpers/listener.js';

/** Servers hear on tally_definitions when a counter comes, goes, or begins or ceases to be shown. */

async function telling(db: TestDatabase) {
  const listener = await listen(await db.client(), 'tally_definitions');
  let before = 0;
  /** How often it was told since the last call. */
  return async (statement: string): Promise<number> => {
    await db.sql(statement);
    const heard = (await listener.settled()).length - before;
    before += heard;
    return heard;
  };
}

test('servers are told when a counter is made, filled, stopped, filled again, and dropped', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text); insert into public.t values ('a')`);
  const told = await telling(db);
  const create = `select tally.create_counter('kinds', 'public.t', scope => 'k')`;
  t.is(await told(create), 1);
  t.is(await told(create), 0, 'the same again changes nothing');
  t.is(await told(`select tally.work('1 minute')`), 1);
  t.is(await told(`select tally.work('1 minute')`), 0, 'nothing to fill');
  t.is(await told(`insert into public.t values ('b')`), 0);
  t.is(await told('select tally.pulse()'), 0);
  await db.sql('alter table public.t rename column k to kk');
  t.is(await told(`insert into public.t values ('c'), ('d')`), 1);
  t.is(await told(`select tally.work('1 minute')`), 1, 'a fill that fails');
  t.is(await told(`insert into public.t values ('e')`), 1);
  await db.sql('alter table public.t rename column kk to k');
  t.is(await told(`select tally.fill('kinds')`), 1);
  t.is(await told(`begin isolation level repeatable read; truncate public.t; commit`), 1);
  t.is(await told(`select tally.drop_counter('kinds')`), 1);
});

test('a writer who stops a counter tells nobody where the doorbell is off, and may prepare', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text); update tally.settings set doorbell = false;
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    alter table public.t rename column k to kk`);
  const told = await telling(db);
  const writer = sqlOf(await db.client());
  const gid = `told_${db.name}`;
  await writer('begin');
  await writer(`insert into public.t values ('c')`);
  await writer(`prepare transaction '${gid}'`);
  await writer(`commit prepared '${gid}'`);
  t.is(await told('select 1'), 0);
  t.deepEqual(await db.sql('select name, state from tally.counter_definitions'), [
    { name: 'kinds', state: 'filling' },
  ]);
});
