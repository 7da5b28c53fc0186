import test, { type ExecutionContext } from 'ava';
import { open } from '../helpers/boxes-server.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { type Sql, sqlOf } from '../helpers/engine.js';
import { waitersAt } from '../helpers/gate.js';
import { type LiveServer, startLiveServer } from '../helpers/live-server.js';
import { until } from '../helpers/wait.js';

/** Much less than a build may take here, much more than anything else does. */
const SOON_MS = 8000;

type Rig = {
  database: TestDatabase;
  server: LiveServer;
  /** Documents whose scope begins with slow are not built while the gate is shut. */
  shut(): Promise<void>;
  unlock(): Promise<void>;
};

async function rigged(
  t: ExecutionContext,
  options: { statementTimeoutMs?: number } = {},
): Promise<Rig> {
  const database = await testDatabase(t);
  await database.sql(`
    create table public.scores (league text, player text);
    create table public.switch (breaks boolean);
    insert into public.switch values (false);
    create function public.board(scope text) returns jsonb language plpgsql stable as $$
    begin
      if scope like 'slow%' then perform pg_advisory_xact_lock_shared(4714); end if;
      if scope = 'long' then perform pg_sleep(2); end if;
      if (select breaks from public.switch) then raise exception 'not today'; end if;
      return (select jsonb_agg(player order by player) from public.scores where league = scope);
    end $$;
    alter function public.board(text) set lock_timeout = 0;
    insert into public.scores values ('a', 'x'), ('slow', 'y');
    select tally.create_summary('board', 'public.board', settle => '0', audience => 'public');
    select tally.create_counter('players', 'public.scores', scope => 'league', audience => 'public');
    select tally.create_counter('other', 'public.scores');
    select tally.create_counter('more', 'public.scores')`);
  await database.sql('select tally.fill()');
  const server = await startLiveServer({ databaseUrl: database.url, ...options });
  t.teardown(() => server.stop());
  const gate: Sql = sqlOf(await database.client());
  return {
    database,
    server,
    shut: async () => {
      await gate('select pg_advisory_lock(4714)');
    },
    unlock: async () => {
      await gate('select pg_advisory_unlock(4714)');
    },
  };
}

const told = (topic: string, reason: string) => (frame: { event: string; data: string }) =>
  frame.event === 'unavailable' && frame.data === JSON.stringify({ topic, reason });

const get = async (server: LiveServer, path: string) => {
  const answer = await fetch(`${server.url}/v1/${path}`);
  const { type } = (await answer.json()) as { type?: string };
  return { status: answer.status, type };
};

const FILLING = { status: 503, type: '/problems/counter-filling' };

/** By the work, which has taken it over from the reader. */
const isBuiltByWork = async ({ sql }: TestDatabase) =>
  (
    await sql(`select from pg_stat_activity a join pg_locks l on l.pid = a.pid
      where l.locktype = 'advisory' and l.objid = 4714 and not l.granted
        and a.datname = current_database() and a.query ~ 'tally[.]work'`)
  ).length > 0;

test('a stream opens with all that is there while one of its documents is built, which follows', async (t) => {
  const { server, shut, unlock } = await rigged(t);
  await shut();
  const openedAt = performance.now();
  const { recorder } = await open(t, server, { topics: ['players:a', 'board:slow'] });
  await recorder.sync(1);
  t.true(performance.now() - openedAt < SOON_MS);
  t.is(recorder.last('players:a'), '1');
  t.true(recorder.frames.some(told('board:slow', 'filling')));
  await unlock();
  await recorder.value('board:slow', '["y"]');
  t.deepEqual(recorder.faults, []);
});

test('a stream that waits for a document gets null where it turns out that there is none', async (t) => {
  const { database, server, shut, unlock } = await rigged(t);
  await database.sql(`delete from public.scores where league = 'slow'`);
  await shut();
  const { recorder } = await open(t, server, { topics: ['board:slow', 'board:long'] });
  await recorder.until(told('board:slow', 'filling'));
  await recorder.until(told('board:long', 'filling'));
  await recorder.value('board:long', 'null');
  await unlock();
  await recorder.value('board:slow', 'null');
  t.deepEqual(recorder.faults, []);
});

test('a document that is built keeps no other stream from what it lacks', async (t) => {
  const { database, server, shut, unlock } = await rigged(t);
  const slow = await open(t, server, { topics: ['board:slow', 'players:slow'] });
  const healthy = await open(t, server, { topics: ['players:a'] });
  await slow.recorder.value('board:slow', '["y"]');
  await healthy.recorder.value('players:a', 1);
  await shut();
  // Another history, in which every stream reads anew, and one document is not there. In one
  // transaction: nothing watches the table, and a build that began before the rows would be the last.
  await database.sql(`delete from tally.documents; select tally.drop_counter('other');
    insert into public.scores values ('a', 'z'), ('slow', 'z')`);
  await healthy.recorder.value('players:a', 2, SOON_MS);
  await slow.recorder.value('players:slow', 2, SOON_MS);
  await database.sql(
    `select tally.drop_counter('more'); insert into public.scores values ('a', 'z')`,
  );
  await healthy.recorder.value('players:a', 3, SOON_MS);
  await unlock();
  await slow.recorder.value('board:slow', '["y", "z"]');
  t.deepEqual([...slow.recorder.faults, ...healthy.recorder.faults], []);
});

test('a first build that takes longer than readers may wait is filling for all of them', async (t) => {
  const { database, server, shut, unlock } = await rigged(t, { statementTimeoutMs: 1500 });
  await shut();
  const first = get(server, 'summaries/board/slow');
  t.deepEqual(await Promise.all([first, get(server, 'topics?topic=board:slow')]), [
    FILLING,
    FILLING,
  ]);
  await until(() => isBuiltByWork(database));
  t.deepEqual(await get(server, 'summaries/board/slow'), FILLING);
  const { recorder } = await open(t, server, { topics: ['board:slow', 'players:a'] });
  await recorder.sync(1);
  t.true(recorder.frames.some(told('board:slow', 'filling')));
  t.is(recorder.last('players:a'), '1');
  await unlock();
  await recorder.value('board:slow', '["y"]');
});

test('whoever waits for another one’s first build in vain is told that it is filling', async (t) => {
  const { database, server, shut, unlock } = await rigged(t, { statementTimeoutMs: 1500 });
  await shut();
  const other = sqlOf(await database.client());
  const reading = other(`select tally.read_summary('board', 'slow')`);
  await until(async () => (await waitersAt(database.sql, 4714)) > 0);
  t.deepEqual(await get(server, 'summaries/board/slow'), FILLING);
  await unlock();
  await reading;
});

test('a document that failed for a passing reason comes to the stream that waits for it', async (t) => {
  const { database, server } = await rigged(t);
  await database.sql('update public.switch set breaks = true');
  const { recorder } = await open(t, server, { topics: ['board:a', 'board:none'] });
  await recorder.until(told('board:a', 'broken'));
  await recorder.until(told('board:none', 'broken'));
  await database.sql('update public.switch set breaks = false');
  await recorder.value('board:a', '["x"]');
  await recorder.value('board:none', 'null');
  t.deepEqual(recorder.faults, []);
});

test('nobody tries a document again that nobody waits for any more', async (t) => {
  const { database, server } = await rigged(t);
  await database.sql('update public.switch set breaks = true');
  const stream = await open(t, server, { topics: ['board:a', 'board:b'] });
  await stream.recorder.until(told('board:a', 'broken'));
  const other = await open(t, server, { topics: ['board:b'] });
  await other.recorder.until(told('board:b', 'broken'));
  stream.close();
  const attempts = async (scope: string) =>
    Number(
      (await database.sql(`select attempts from tally.documents where scope = '${scope}'`))[0]
        ?.attempts,
    );
  await until(async () => (await attempts('b')) >= 4);
  t.true((await attempts('a')) < 4);
});
