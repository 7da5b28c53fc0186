import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import Koa, { type Context } from 'koa';
import { startClock } from '../../../src/live/clock.js';
import { Chunk } from '../../../src/live/frame.js';
import { Session } from '../../../src/live/session.js';
import { koaSseSink } from '../../../src/live/sinks/koa-sse-stream.js';
import { plainSink } from '../../../src/live/sinks/plain.js';
import type { Sink } from '../../../src/live/sinks/sink.js';
import { until } from '../../helpers/wait.js';

const STALL_MS = 30_000;
/** More than the kernel keeps for both ends. */
const BYTES = 32 * 1024 * 1024;

const SINKS: Readonly<Record<string, (ctx: Context) => Sink>> = {
  plain: plainSink,
  'koa-sse-stream': (ctx) => {
    const stream = new PassThrough();
    ctx.body = stream;
    return koaSseSink(ctx, stream);
  },
};

type Rig = {
  session: Session;
  client: Socket;
  /** The server's end of the client's connection. */
  served: Socket;
  reasons: string[];
  /** From now on the clock looks at the session, too. */
  watch(): void;
};

/** A stream with a client that reads nothing, until it is told to. */
async function stalled(
  t: ExecutionContext,
  sinkOf: (ctx: Context) => Sink,
  stallMs = STALL_MS,
): Promise<Rig> {
  const reasons: string[] = [];
  const sessions = new Set<Session>();
  const clock = startClock({ heartbeatMs: 15_000, sessions: () => sessions });
  t.teardown(() => clock.close());
  const environment = {
    ...{ heartbeatMs: 15_000, stallMs },
    onDrained: () => undefined,
    onClosed: (closed: Session, reason: string) => {
      reasons.push(reason);
      sessions.delete(closed);
      clock.ended(closed);
    },
  };
  const app = new Koa();
  app.silent = true;
  const begun = new Promise<[Session, Socket]>((resolve) => {
    app.use((ctx) => {
      const endsAt = Number.POSITIVE_INFINITY;
      const session = new Session({ environment, viewer: undefined, endsAt });
      session.begin(sinkOf(ctx));
      session.send(new Chunk([Buffer.alloc(BYTES, ':')]));
      resolve([session, ctx.req.socket]);
    });
  });
  const port = await listen(t, createServer(app.callback()));
  const client = connect({ host: '127.0.0.1', port });
  client.on('error', () => undefined);
  t.teardown(() => client.destroy());
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [session, served] = await begun;
  return { session, client, served, reasons, watch: () => sessions.add(session) };
}

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Until the kernel has taken all that it takes of somebody who does not read. */
async function settled(session: Session, from: number): Promise<number> {
  let ms = from;
  let restMs = 0;
  await until(() => {
    ms += 1;
    const before = restMs;
    restMs = session.tick({ date: Date.now(), ms, turnMs: 1000 });
    return restMs === before - 1 && restMs < STALL_MS - 20;
  });
  return ms - (STALL_MS - restMs);
}

for (const [name, sinkOf] of Object.entries(SINKS)) {
  const look = (session: Session, ms: number) =>
    session.tick({ date: Date.now(), ms, turnMs: 1000 });

  test(`a reader that takes nothing for 30 s is cut then, and not later (${name})`, async (t) => {
    const { session, reasons } = await stalled(t, sinkOf);
    const since = await settled(session, 0);
    t.is(look(session, since + STALL_MS - 1), 1);
    t.deepEqual(reasons, []);
    look(session, since + STALL_MS);
    t.deepEqual(reasons, ['stalled']);
  });

  test(`a reader that takes a little of one large write now and then is not cut (${name})`, async (t) => {
    const { session, client, reasons } = await stalled(t, sinkOf);
    const since = await settled(session, 0);
    // Enough for the kernel to let the sender go on, and far from all of it.
    let read = 0;
    client.on('data', (bytes: Buffer) => {
      read += bytes.length;
      if (read > BYTES / 4) client.pause();
    });
    await until(() => read > BYTES / 4);
    t.is(look(session, since + STALL_MS - 1), STALL_MS, 'the time begins anew');
    look(session, since + STALL_MS);
    t.deepEqual(reasons, []);
  });

  test(`the clock sees to it, at the limit and not at twice that (${name})`, async (t) => {
    const stallMs = 8000;
    const { reasons, served, watch } = await stalled(t, sinkOf, stallMs);
    const started = performance.now();
    watch();
    await until(() => reasons.length > 0);
    const tookMs = performance.now() - started;
    t.deepEqual(reasons, ['stalled']);
    t.true(served.destroyed);
    t.true(tookMs > stallMs && tookMs < 1.8 * stallMs, `${Math.round(tookMs)} ms`);
  });

  test(`a stream that has ended and whose last bytes nobody takes is cut, too (${name})`, async (t) => {
    const { session, served, reasons } = await stalled(t, sinkOf, 500);
    session.end('aged');
    await until(() => served.destroyed);
    t.deepEqual(reasons, ['aged']);
  });
}
