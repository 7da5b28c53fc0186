import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Recorder } from '../helpers/frames.js';
import { ResponseParser } from '../helpers/http-parser.js';
import { freePort } from '../helpers/ports.js';
import { openProxy, type TcpProxy } from '../helpers/proxy.js';
import { areEqual, assertSound, faultsOf, sumIs } from '../helpers/sound.js';
import { SseParser } from '../helpers/sse-parser.js';
import { until } from '../helpers/wait.js';

/** A rig that lets everything pass would make every test of faults green. */

type Echo = { proxy: TcpProxy; socket: Socket; heard: () => string; closed: () => boolean };

async function echo(t: ExecutionContext): Promise<Echo> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await openProxy(`http://127.0.0.1:${port}`);
  const socket = dial(proxy.port, '127.0.0.1');
  let heard = '';
  let closed = false;
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  t.teardown(async () => {
    socket.destroy();
    await proxy.close();
    server.close();
  });
  return { proxy, socket, heard: () => heard, closed: () => closed };
}

test('a proxy passes what is sent, and delays it as long as it is told', async (t) => {
  const { proxy, socket, heard } = await echo(t);
  socket.write('one ');
  await until(() => heard() === 'one ');
  proxy.set({ delayMs: 60 });
  const sent = performance.now();
  socket.write('two');
  await until(() => heard() === 'one two');
  t.true(performance.now() - sent >= 119);
});

test('in a black hole nothing arrives and nothing ends; after it everything has arrived', async (t) => {
  const { proxy, socket, heard, closed } = await echo(t);
  proxy.set({ hole: true });
  socket.write('lost?');
  const other = dial(proxy.port, '127.0.0.1');
  await once(other, 'connect');
  other.destroy();
  await until(() => proxy.accepted() === 2);
  t.is(heard(), '');
  t.false(closed());
  proxy.set({});
  await until(() => heard() === 'lost?');
  t.false(closed());
});

test('a cut ends the chosen connections on both sides and no other', async (t) => {
  const { proxy, socket, closed, heard } = await echo(t);
  socket.write('I am one');
  await until(() => heard() === 'I am one');
  t.is(
    proxy.cut('reset', ({ greeting }) => greeting === 'I am two'),
    0,
  );
  t.is(
    proxy.cut('end', ({ greeting }) => greeting === 'I am one'),
    1,
  );
  await until(() => closed() && proxy.connections().length === 0);
  t.pass();
});

test('a throttled connection is as slow as it is told', async (t) => {
  const { proxy, socket, heard } = await echo(t);
  proxy.set({ bytesPerSecond: 20_000 });
  const sent = performance.now();
  socket.write('x'.repeat(2048));
  await until(() => heard().length === 2048);
  t.true(performance.now() - sent >= 100);
});

function parse(text: string): Recorder {
  const recorder = new Recorder();
  const parser = new SseParser(recorder);
  // Byte by byte, as a network may cut it.
  for (const byte of Buffer.from(text)) parser.push(Uint8Array.of(byte));
  return recorder;
}

test('the reader finds frames, comments and retries, and takes nothing that it does not know', (t) => {
  const good = parse('retry: 2417\n\n: alive\n\nevent: sync\nid: 8c1f.17\ndata: {"pulse":17}\n\n');
  t.deepEqual(good.retries, [2417]);
  t.is(good.comments.length, 1);
  t.like(good.frames[0], { event: 'sync', id: '8c1f.17', data: '{"pulse":17}' });
  t.deepEqual(good.faults, []);
  for (const bad of [
    'data:{"no":"space"}\n\n',
    'data: {"a":1}\ndata: {"b":2}\n\n',
    'event: sync\nevent: sync\ndata: {}\n\n',
    'event: sync\r\ndata: {}\n\n',
    'data: [object Object]\n\n',
    'event: update\nid: 1.1\n\n',
    'retry: soon\n\n',
    'event: update\ndata: {"value":1}\n\n',
  ]) {
    t.not(parse(bad).faults.length, 0, bad);
  }
});

test('a chunked response is read whole wherever it is cut', (t) => {
  const text =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n';
  for (let cut = 1; cut < text.length; cut += 1) {
    let body = '';
    const parser = new ResponseParser((bytes) => {
      body += Buffer.from(bytes).toString();
    });
    parser.push(Buffer.from(text.slice(0, cut)));
    parser.push(Buffer.from(text.slice(cut)));
    t.is(body, 'abc0123456789');
    t.true(parser.isOver);
  }
});

function update(topic: string, value: number, version: number, id = version) {
  const data = JSON.stringify({ topic, value, version });
  return { at: 0, event: 'update', id: `8c1f.${id}`, data };
}

const sync = (pulse: number, id = pulse) => ({
  at: 0,
  event: 'sync',
  id: `8c1f.${id}`,
  data: `{"pulse":${pulse}}`,
});

test('the oracle finds what goes back, what is half and what is numbered wrong', (t) => {
  const both = { atSync: areEqual(['a', 'b']), growing: ['a'] };
  const start = [update('a', 1, 1), update('b', 1, 1), sync(1)];
  t.notThrows(() => assertSound([...start, update('a', 2, 2), update('b', 2, 2), sync(2)], both));
  t.is(faultsOf([...start, update('a', 2, 2), sync(2)], both).halves.length, 1);
  t.is(faultsOf([update('b', 1, 4), update('b', 2, 3)], both).backwards.length, 1);
  t.is(faultsOf([update('a', 3, 1), update('a', 2, 2)], both).backwards.length, 1);
  t.is(faultsOf([...start, sync(3), sync(2)], both).other.length, 1);
  t.is(faultsOf([...start, sync(3, 4)], both).other.length, 1);
  t.is(faultsOf([{ ...sync(1), id: undefined }]).other.length, 1);
  t.is(faultsOf([...start], { atSync: sumIs(['a', 'b'], 3) }).halves.length, 1);
});
