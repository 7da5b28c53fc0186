import test, { type ExecutionContext } from 'ava';
import { endsRight, installBoxes, TOPICS } from '../helpers/boxes.js';
import { movers, open } from '../helpers/boxes-server.js';
import { comeBack } from '../helpers/comeback.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { serve } from '../helpers/serving.js';
import { until } from '../helpers/wait.js';

/** Several servers of one database, as processes that a machine may kill. */

const CROWD = 2000;

async function prepared(t: ExecutionContext): Promise<TestDatabase> {
  const database = await testDatabase(t);
  await installBoxes(database.url);
  return database;
}

async function isPulsedBy(database: TestDatabase): Promise<number | undefined> {
  const rows = await database.sql<{ pid: number }>(
    `select l.pid from pg_locks l join pg_database d on d.oid = l.database
     where l.locktype = 'advisory' and l.classid = 1952541804 and l.objid = 4 and l.granted
       and d.datname = current_database()`,
  );
  return rows[0]?.pid;
}

test.serial('the pulsing one of two servers killed: the other pulses at once', async (t) => {
  const database = await prepared(t);
  const first = await serve(t, { databaseUrl: database.url });
  await until(() => isPulsedBy(database));
  const second = await serve(t, { databaseUrl: database.url });
  const { recorder } = await open(t, second, { topics: TOPICS });
  await recorder.sync(1);
  first.signal('SIGKILL');
  const killed = performance.now();
  await database.sql('insert into public.units values (0, $1)', ['a']);
  await recorder.value('units:a', 16);
  const ms = performance.now() - killed;
  t.log(`the change was shown ${Math.round(ms)} ms after the kill`);
  // Some hundred, and more where the machine stands still; five seconds if it were waited for
  // until PostgreSQL ends a session that is silent.
  t.true(ms < 4000, `${ms} ms`);
});

test.serial('servers are killed and started in turn: clients that move on end right', async (t) => {
  const database = await prepared(t);
  const moving = movers(t, database, { sessions: 2, pauseMs: 2 });
  let serving = await serve(t, { databaseUrl: database.url });
  const stays = await serve(t, { databaseUrl: database.url });
  const streams = await Promise.all([0, 1].map(() => open(t, stays, { topics: TOPICS })));
  for (let round = 0; round < 2; round += 1) {
    const { url: base } = serving;
    const client = comeBack(() => ({ base, topics: TOPICS }));
    await client.recorder.sync(3);
    serving.signal('SIGKILL');
    await serving.ended();
    client.close();
    const lastEventId = client.recorder.lastId;
    // Any server takes up a stream of any other.
    const moved = await open(t, stays, { topics: TOPICS, lastEventId });
    await moved.recorder.sync(1);
    for (const frame of moved.recorder.frames) client.recorder.add(frame);
    await endsOnHistory(client.recorder.frames.map(({ id }) => id));
    streams.push(moved);
    serving = await serve(t, { databaseUrl: database.url });
  }
  await moving.stop();
  await endsRight(
    database.sql,
    streams.slice(0, 2).map(({ recorder }) => recorder),
  );
  t.true(moving.moves() > 100);
});

/** One database has one history, whichever server tells it. */
async function endsOnHistory(ids: readonly (string | undefined)[]): Promise<void> {
  const histories = new Set(ids.flatMap((id) => id?.split('.')[0] ?? []));
  if (histories.size !== 1) throw new Error(`${histories.size} histories: ${[...histories]}`);
}

test.serial(
  `${CROWD} streams come back at once: all are served soon, by a few queries`,
  async (t) => {
    const database = await prepared(t);
    const server = await serve(t, {
      databaseUrl: database.url,
      env: { TALLY_MAX_STREAMS_PER_ADDRESS: '5000' },
    });
    const moving = movers(t, database, { sessions: 1, pauseMs: 20 });
    const all = await Promise.all(
      Array.from({ length: CROWD }, () => open(t, server, { topics: TOPICS })),
    );
    await Promise.all(all.map(({ recorder }) => recorder.when(() => recorder.count('sync') > 0)));
    const ids = all.map(({ recorder }) => recorder.lastId);
    for (const { socket } of all) socket.resetAndDestroy();
    const cut = performance.now();
    const again = await Promise.all(
      ids.map((lastEventId) => open(t, server, { topics: TOPICS, lastEventId })),
    );
    await Promise.all(again.map(({ recorder }) => recorder.when(() => recorder.count('sync') > 0)));
    t.log(`all back after ${Math.round(performance.now() - cut)} ms`);
    await moving.stop();
    // Nobody's `units:a` need be shown again, so their ends are those of before and after together.
    for (const [i, { recorder }] of again.entries()) {
      for (const frame of recorder.frames) all[i]?.recorder.add(frame);
    }
    await database.sql(`update public.units set box = case box when 'a' then 'b' else 'a' end`);
    const fresh = await open(t, server, { topics: TOPICS });
    await fresh.recorder.sync(1);
    await Promise.all(
      again.map(({ recorder }) =>
        recorder.when(
          () => recorder.last('units:d') === '0' || recorder.last('units:a') !== undefined,
        ),
      ),
    );
    t.true(server.isAlive());
    t.is(again.filter(({ status }) => status === 200).length, CROWD);
  },
);
