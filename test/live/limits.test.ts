import { connect } from 'node:net';
import test from 'ava';
import { TOPICS } from '../helpers/boxes.js';
import { boxesServer, open, openOnce } from '../helpers/boxes-server.js';
import { SINKS } from '../helpers/live-server.js';
import { token } from '../helpers/tokens.js';
import { until } from '../helpers/wait.js';

test('over the limit of one subject a stream is refused with 429, others are not', async (t) => {
  const { server } = await boxesServer(t, { streamsPerSubjectMax: 2 });
  const [ada, bob] = [await token({ sub: 'ada' }), await token({ sub: 'bob' })];
  const mine = [
    await open(t, server, { topics: TOPICS, token: ada }),
    await open(t, server, { topics: TOPICS, token: ada }),
  ];
  t.deepEqual(
    mine.map(({ status }) => status),
    [200, 200],
  );
  const third = await open(t, server, { topics: TOPICS, token: ada });
  t.is(third.status, 429);
  t.is(third.headers.get('content-type')?.split(';')[0], 'application/problem+json');
  t.is((await open(t, server, { topics: TOPICS, token: bob })).status, 200);
  t.is((await open(t, server, { topics: TOPICS })).status, 200);
  mine[0]?.close();
  await until(async () => (await open(t, server, { topics: TOPICS, token: ada })).status === 200);
});

test('over the limit of one address a stream is refused with 429, others are not', async (t) => {
  const { server } = await boxesServer(t, { streamsPerAddressMax: 2 });
  const first = await open(t, server, { topics: TOPICS, from: '127.0.0.2' });
  await open(t, server, { topics: TOPICS, from: '127.0.0.2' });
  t.is((await open(t, server, { topics: TOPICS, from: '127.0.0.2' })).status, 429);
  t.is((await open(t, server, { topics: TOPICS, from: '127.0.0.3' })).status, 200);
  first.close();
  await until(
    async () => (await open(t, server, { topics: TOPICS, from: '127.0.0.2' })).status === 200,
  );
});

test('over the limit of the process a stream is told to come back later, and ends', async (t) => {
  const { server } = await boxesServer(t, { streamsMax: 2 });
  const held = await open(t, server, { topics: TOPICS });
  await open(t, server, { topics: TOPICS });
  const third = await openOnce(t, server, { topics: TOPICS });
  t.is(third.status, 200);
  t.true(third.isTurnedAway);
  await third.recorder.over();
  const [retry = 0] = third.recorder.retries;
  t.true(retry >= 10_000 && retry <= 30_000, String(retry));
  t.deepEqual(third.recorder.frames, []);
  held.close();
  await until(async () => {
    const again = await openOnce(t, server, { topics: TOPICS });
    await again.recorder.when(() => again.recorder.ended ?? again.recorder.count('sync') > 0, {
      evenEnded: true,
    });
    return again.recorder.count('sync') > 0;
  });
});

test('many who ask at once for the last place: none too many is let in', async (t) => {
  const { server } = await boxesServer(t, { streamsPerAddressMax: 5 });
  const all = await Promise.all(
    Array.from({ length: 40 }, () => open(t, server, { topics: TOPICS })),
  );
  t.is(all.filter(({ status }) => status === 200).length, 5);
  t.is(all.filter(({ status }) => status === 429).length, 35);
});

test('streams that are refused, cut or left hold no place', async (t) => {
  const { server } = await boxesServer(t, { streamsPerAddressMax: 3 });
  for (let round = 0; round < 10; round += 1) {
    const refused = await open(t, server, { topics: ['no_such_counter'] });
    t.is(refused.status, 404);
    await until(async () => {
      const streams = await Promise.all(
        [0, 1, 2].map(() => open(t, server, { topics: ['entries'] })),
      );
      for (const stream of streams) stream.socket.resetAndDestroy();
      return streams.every(({ status }) => status === 200);
    });
  }
});

for (const sink of SINKS) {
  test(`streams that came in one packet leave with their connection (${sink})`, async (t) => {
    const { server } = await boxesServer(t, { sink });
    const { hostname, port } = new URL(server.url);
    const client = connect({ host: hostname, port: Number(port) });
    t.teardown(() => client.destroy());
    const request = `GET /v1/stream?topic=entries HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
    client.write(request + request);
    const isOpen = async (count: number) =>
      (await server.metrics()).includes(`\npgtally_streams_open ${count}\n`);
    await until(() => isOpen(2));
    client.destroy();
    await until(() => isOpen(0));
    t.pass();
  });
}
