import test from 'ava';
import { installBoxes, TOPICS } from '../helpers/boxes.js';
import { movers, open } from '../helpers/boxes-server.js';
import { testDatabase } from '../helpers/database.js';
import { openProxy } from '../helpers/proxy.js';
import { serve } from '../helpers/serving.js';
import { assertSound } from '../helpers/sound.js';
import { until } from '../helpers/wait.js';

const STREAMS = 60;

test('SIGTERM: not ready at once, streams end whole and one after the other, exit 0', async (t) => {
  const database = await testDatabase(t);
  await installBoxes(database.url);
  const server = await serve(t, { databaseUrl: database.url });
  const moving = movers(t, database, { sessions: 1, pauseMs: 5 });
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, () => open(t, server, { topics: TOPICS })),
  );
  await Promise.all(streams.map(({ recorder }) => recorder.sync(2)));
  server.signal('SIGTERM');
  // It may have stopped to listen: then a load balancer knows as well.
  await until(
    async () => (await fetch(`${server.url}/ready`).catch(() => ({ status: 503 }))).status === 503,
    { deadlineMs: 500 },
  );
  const ends = await Promise.all(streams.map(({ recorder }) => recorder.over(30_000)));
  t.deepEqual(new Set(ends.map(({ why }) => why)), new Set(['the response ended']));
  const times = ends.map(({ at }) => at).sort((a, b) => a - b);
  t.true((times.at(-1) ?? 0) - (times[0] ?? 0) > 500, 'all at once would come back all at once');
  for (const { recorder } of streams) {
    assertSound(recorder.frames);
    t.deepEqual(recorder.faults, []);
  }
  t.is(await server.ended(), 0);
  await moving.stop();
  await until(
    async () =>
      (
        await database.sql(
          `select from pg_stat_activity
           where datname = current_database() and application_name like 'pgtally%'`,
        )
      ).length === 0,
  );
});

test('a second SIGTERM does not wait for streams that nobody reads', async (t) => {
  const database = await testDatabase(t);
  await installBoxes(database.url);
  const server = await serve(t, { databaseUrl: database.url });
  const { recorder } = await open(t, server, { topics: TOPICS });
  await recorder.sync(1);
  server.signal('SIGTERM');
  server.signal('SIGTERM');
  await server.ended();
  t.pass();
});

test('SIGTERM ends a server whose database answers nothing any more', async (t) => {
  const database = await testDatabase(t);
  await installBoxes(database.url);
  const proxy = await openProxy(database.url);
  t.teardown(() => proxy.close());
  const server = await serve(t, { databaseUrl: proxy.through(database.url) });
  const { recorder } = await open(t, server, { topics: TOPICS });
  await recorder.sync(1);
  proxy.set({ hole: true });
  server.signal('SIGTERM');
  t.is((await recorder.over(20_000)).why, 'the response ended');
  t.is(await server.ended(30_000), 0);
});

test('a stream that is being opened when the server stops is sent away, and holds nothing up', async (t) => {
  const database = await testDatabase(t);
  await installBoxes(database.url);
  const server = await serve(t, { databaseUrl: database.url });
  const locker = await database.client('locker');
  await locker.query('begin; lock table tally.totals');
  const opening = fetch(`${server.url}/v1/stream?topic=entries`);
  await until(
    async () =>
      (
        await database.sql(
          `select from pg_stat_activity
           where datname = current_database() and application_name = 'pgtally'
             and wait_event_type = 'Lock'`,
        )
      ).length > 0,
  );
  server.signal('SIGTERM');
  await until(
    async () => (await fetch(`${server.url}/ready`).catch(() => undefined)) === undefined,
  );
  await locker.query('rollback');
  const before = performance.now();
  t.regex(await (await opening).text(), /^retry: \d+\n\n$/);
  t.is(await server.ended(), 0);
  t.true(performance.now() - before < 9000, 'nobody had to be cut off');
});
