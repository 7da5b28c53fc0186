import type { Writable } from 'node:stream';
import type { Context } from 'koa';
import { type Sink, type SinkEvents, STREAM_HEADERS, takenBy } from './sink.js';

/** What koa-sse-stream puts on ctx.sse: a Transform whose readable side goes to the client. */
export type SseStream = {
  push(bytes: Buffer | null): boolean;
  readonly readableLength: number;
  on(event: 'close' | 'drain' | 'data', listener: () => void): unknown;
  pipe(into: Writable): unknown;
  destroy(): unknown;
};

/** Waiting bytes above which the stream counts as full. */
const FULL_BYTES = 64 * 1024;

/**
 * For a Koa app that has koa-sse-stream already. Only `push` is used: its `send` encodes anew for
 * each client, cannot carry objects, and never says when a client is slow.
 */
export function koaSseSink(ctx: Context, stream: SseStream): Sink {
  const { req, res } = ctx;
  const { socket } = req;
  ctx.set(STREAM_HEADERS);
  ctx.status = 200;
  // Koa's own pipeline would make an error of the application of each client that leaves.
  ctx.respond = false;
  res.shouldKeepAlive = false;
  res.flushHeaders();
  stream.pipe(res);
  let listening: SinkEvents | undefined;
  let isFull = false;
  const waiting = () => stream.readableLength + res.writableLength;
  res.on('drain', () => {
    // The stream refills the response right after this: look when it has.
    setImmediate(() => {
      if (!isFull || waiting() >= FULL_BYTES) return;
      isFull = false;
      listening?.drained();
    });
  });
  stream.on('close', () => listening?.closed());
  const closed = () => {
    stream.destroy();
    listening?.closed();
  };
  // What waits behind another answer has no socket yet, and is not told when that closes.
  socket.once('close', closed);
  res.once('close', () => {
    socket.off('close', closed);
    closed();
  });
  // Streams are silent for long, and whoever stops reading is cut by the session.
  res.setTimeout(0);
  return {
    attach: (events) => {
      listening = events;
      if (socket.destroyed) events.closed();
    },
    write: (chunk) => {
      if (res.writableEnded || socket.writableEnded || socket.destroyed) return true;
      stream.push(chunk.plain);
      isFull = waiting() >= FULL_BYTES;
      return !isFull;
    },
    left: () => (socket.destroyed || waiting() === 0 ? undefined : takenBy(socket)),
    end: () => {
      stream.push(null);
    },
    cut: () => {
      socket.destroy();
    },
  };
}
