import test, { type ExecutionContext } from 'ava';
import { endsRight, TOPICS } from '../helpers/boxes.js';
import { boxesServer, movers, open } from '../helpers/boxes-server.js';
import type { LiveServer } from '../helpers/live-server.js';
import { ofApplication } from '../helpers/proxy.js';
import { until } from '../helpers/wait.js';

/** The network between server and PostgreSQL, in front of which a proxy does as networks do. */

const LISTENER = ofApplication('pgtally-listener');
const PULSE = ofApplication('pgtally-pulse');

async function streams(t: ExecutionContext, server: LiveServer, count = 3) {
  const opened = await Promise.all(
    Array.from({ length: count }, () => open(t, server, { topics: TOPICS })),
  );
  for (const { recorder } of opened) await recorder.sync(1);
  return opened.map(({ recorder }) => recorder);
}

test('a listener in a black hole is found deaf, polling goes on meanwhile, and it comes back', async (t) => {
  const { server, database, proxy, write } = await boxesServer(t);
  const recorders = await streams(t, server);
  await write(1);
  await recorders[0]?.value('entries', 1);
  await until(async () => (await server.listener()) === 'listening');
  proxy.set({ hole: true }, LISTENER);
  proxy.refuse(true);
  await write(1);
  await recorders[0]?.value('entries', 2, 20_000);
  // The change may have been read on another occasion, before anybody knew of the deafness.
  await until(async () => (await server.listener()) === 'polling');
  t.regex(await server.metrics(), /^\w*listen\w*\{.*\} 0$/m);
  await write(1);
  await recorders[0]?.value('entries', 3, 20_000);
  proxy.refuse(false);
  await until(async () => (await server.listener()) === 'listening');
  await write(1);
  await endsRight(database.sql, recorders);
});

for (const how of ['reset', 'end'] as const) {
  test(`a listener cut by ${how} again and again while many write`, async (t) => {
    const { server, database, proxy } = await boxesServer(t);
    const moving = movers(t, database, { sessions: 2 });
    const recorders = await streams(t, server);
    for (let round = 0; round < 6; round += 1) {
      await until(() => proxy.cut(how, LISTENER) > 0);
      await recorders[0]?.sync();
    }
    await moving.stop();
    await endsRight(database.sql, recorders, { deadlineMs: 20_000 });
    await until(async () => (await server.listener()) === 'listening');
    t.pass();
  });
}

test('a listener that hears everything late shows nothing older after something newer', async (t) => {
  const { server, database, proxy } = await boxesServer(t);
  proxy.set({ delayMs: 300 }, LISTENER);
  const moving = movers(t, database, { sessions: 2 });
  const recorders = await streams(t, server, 2);
  const late: typeof recorders = [];
  for (let round = 0; round < 8; round += 1) {
    const before = moving.moves();
    await until(() => moving.moves() > before + 30, { deadlineMs: 60_000 });
    // A newcomer reads what the listener has not heard of yet.
    late.push(...(await streams(t, server, 1)));
  }
  await moving.stop();
  await endsRight(database.sql, [...recorders, ...late]);
  t.pass();
});

test('all connections slow: every stream is right and whole', async (t) => {
  const { server, database, proxy } = await boxesServer(t);
  proxy.set({ delayMs: 40 });
  const moving = movers(t, database, { sessions: 2 });
  const recorders = await streams(t, server);
  await recorders[0]?.sync(8);
  await moving.stop();
  await endsRight(database.sql, recorders);
  t.pass();
});

test('all connections in a black hole for a while: streams stay open and end right', async (t) => {
  const { server, database, proxy } = await boxesServer(t);
  const moving = movers(t, database, { sessions: 2, pauseMs: 2 });
  const recorders = await streams(t, server);
  for (let round = 0; round < 2; round += 1) {
    proxy.set({ hole: true });
    const before = moving.moves();
    await until(() => moving.moves() > before + 150, { deadlineMs: 60_000 });
    proxy.set({});
    await recorders[0]?.sync();
  }
  await moving.stop();
  await endsRight(database.sql, recorders);
  t.true(recorders.every(({ ended }) => ended === undefined));
});

test('whole connections lost in a black hole for good are given up and replaced', async (t) => {
  const { server, database, proxy } = await boxesServer(t);
  const recorders = await streams(t, server);
  const gone = new Set(proxy.connections());
  proxy.set({ hole: true }, (connection) => gone.has(connection));
  const moving = movers(t, database, { sessions: 1, pauseMs: 2 });
  await recorders[0]?.when(() => Number(recorders[0]?.last('entries')) > 0, {
    what: 'a change after all connections were lost',
    deadlineMs: 25_000,
  });
  await moving.stop();
  await endsRight(database.sql, recorders);
  t.pass();
});

test('a pulsing server that vanishes from the network does not keep others from pulsing', async (t) => {
  const { database, proxy, server } = await boxesServer(t);
  await streams(t, server, 1);
  const { server: other } = await boxesServer(t, { on: database });
  const [recorder] = await streams(t, other, 1);
  await until(() => proxy.connections(PULSE).length > 0);
  // Its sessions stay open on PostgreSQL's side, and with them the lock of the one that pulses.
  proxy.set({ hole: true });
  await database.sql('begin; insert into public.entries default values; ' + 'commit');
  await recorder?.value('entries', 1, 25_000);
  t.pass();
});
