import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test from 'ava';
import Koa from 'koa';
import { HEARTBEAT } from '../../../src/live/frame.js';
import { plainSink } from '../../../src/live/sinks/plain.js';

test('what is written while a client closes its connection is no error of anybody', async (t) => {
  const app = new Koa();
  const errors: Error[] = [];
  app.on('error', (error: Error) => errors.push(error));
  const written: boolean[] = [];
  app.use((ctx) => {
    const sink = plainSink(ctx);
    const { socket } = ctx.req;
    // Node has answered the client's end with its own, and the connection is not closed yet.
    socket.once('end', () => written.push(sink.write(HEARTBEAT), socket.destroyed));
  });
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // It has closed its half and leaves the other open, as a proxy may.
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => client.destroy());
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(client, 'data');
  client.end();
  await once(client.resume(), 'end');
  client.destroy();
  t.deepEqual(errors, []);
  t.deepEqual(written, [true, false]);
});
