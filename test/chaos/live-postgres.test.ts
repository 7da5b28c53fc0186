import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { endsRight, TOPICS } from '../helpers/boxes.js';
import { boxesServer, movers, open } from '../helpers/boxes-server.js';
import { comeBack } from '../helpers/comeback.js';
import { privateEmbedded } from '../helpers/embedded.js';
import { openEventSource } from '../helpers/event-source.js';
import { openProxy } from '../helpers/proxy.js';
import { until } from '../helpers/wait.js';

/** PostgreSQL itself goes and comes back; the server stays, and so do its streams. */

async function started(t: ExecutionContext) {
  const cluster = await privateEmbedded(t);
  const serving = await boxesServer(t, { cluster: cluster.url });
  return { cluster, ...serving };
}

/** Within a second on a machine that does nothing else, as load-listener-outage shows. */
const BACK_MS_MAX = 10_000;

const OUTAGES = [
  ['stopped for 0.1 s', 'stop', 100],
  ['stopped for 5 s', 'stop', 5000],
  ['killed', 'kill', 0],
] as const;

for (const [what, how, ms] of OUTAGES) {
  test.serial(
    `PostgreSQL ${what} while many write: all streams go on to the right end`,
    async (t) => {
      const { cluster, server, database } = await started(t);
      const moving = movers(t, database, { sessions: 2 });
      const streams = await Promise.all(
        Array.from({ length: 4 }, () => open(t, server, { topics: TOPICS })),
      );
      const back = comeBack(() => ({ base: server.url, topics: TOPICS }));
      t.teardown(() => back.close());
      await until(() => moving.moves() > 50);
      await cluster[how]();
      // How long it is away is what this is about; nothing is waited for.
      await pause(ms);
      back.drop();
      await cluster.start();
      const again = performance.now();
      await until(async () => (await server.listener()) === 'listening');
      const backMs = Math.round(performance.now() - again);
      t.log(`listening ${backMs} ms after PostgreSQL was back`);
      t.true(backMs < BACK_MS_MAX, `${backMs} ms`);
      const before = moving.moves();
      await until(() => moving.moves() > before + 20, { deadlineMs: 60_000 });
      await moving.stop();
      const recorders = [...streams.map(({ recorder }) => recorder), back.recorder];
      await endsRight(database.sql, recorders, { deadlineMs: 20_000 });
      t.true(streams.every(({ recorder }) => recorder.ended === undefined));
    },
  );
}

test.serial('while PostgreSQL is away: health is well, ready is not, reads say 503', async (t) => {
  const { cluster, server } = await started(t);
  await cluster.stop();
  t.is((await fetch(`${server.url}/health`)).status, 200);
  await until(async () => (await fetch(`${server.url}/ready`)).status === 503);
  const read = await fetch(`${server.url}/v1/counters/entries`);
  t.is(read.status, 503);
  t.is(read.headers.get('content-type')?.split(';')[0], 'application/problem+json');
  await cluster.start();
  await until(async () => (await fetch(`${server.url}/ready`)).status === 200);
});

test.serial(
  'a browser whose stream is cut while PostgreSQL is away comes back by itself',
  async (t) => {
    const { cluster, server, write } = await started(t);
    const proxy = await openProxy(server.url);
    t.teardown(() => proxy.close());
    const client = openEventSource({ base: proxy.through(server.url), topics: TOPICS });
    t.teardown(() => client.close());
    await client.recorder.sync(1);
    await cluster.stop();
    const asked = proxy.accepted();
    proxy.cut('reset');
    // It asks at least once while there is no database to answer.
    await until(() => proxy.accepted() > asked, { deadlineMs: 20_000 });
    await until(() => client.failures.length > 0);
    await cluster.start();
    await write(1);
    await client.recorder.value('entries', 1, 45_000);
    t.not(client.readyState(), 2);
  },
);

test.serial('a server that starts before PostgreSQL serves as soon as that is there', async (t) => {
  const { cluster, database, server: first, write } = await started(t);
  await first.stop();
  await cluster.stop();
  const { server } = await boxesServer(t, { on: database });
  t.is((await fetch(`${server.url}/health`)).status, 200);
  t.is((await fetch(`${server.url}/ready`)).status, 503);
  await cluster.start();
  await until(async () => (await fetch(`${server.url}/ready`)).status === 200);
  const { recorder } = await open(t, server, { topics: TOPICS });
  await write(1);
  await recorder.value('entries', 1);
});
