import type { Context } from 'koa';
import { type Sink, type SinkEvents, STREAM_HEADERS, takenBy } from './sink.js';

/**
 * Writes shared buffers straight to the socket, under the envelope that they bring: half the work
 * of ServerResponse.write, which would wrap each of them anew for each client.
 */
export function plainSink(ctx: Context): Sink {
  const { req, res } = ctx;
  const { socket } = req;
  ctx.respond = false;
  // Its connection ends with the stream: nothing of it is left on the socket for a next request.
  res.shouldKeepAlive = false;
  if (res.socket !== null) {
    // The first frames follow at once: they and the head are one write.
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  res.writeHead(200, STREAM_HEADERS);
  res.flushHeaders();
  socket.setNoDelay(true);
  const isChunked = res.chunkedEncoding;
  let listening: SinkEvents | undefined;
  const drained = () => listening?.drained();
  const closed = () => listening?.closed();
  socket.on('drain', drained);
  res.on('drain', drained);
  // What waits behind another answer has no socket yet, and is not told when that closes.
  socket.once('close', closed);
  res.once('close', () => {
    socket.off('drain', drained);
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
      // Ended, and not yet closed: its client has said that it leaves.
      if (res.writableEnded || socket.writableEnded || socket.destroyed) return true;
      // Sent behind a request whose answer is not finished: it has the socket, we have to queue.
      if (res.socket === null) return res.write(chunk.plain);
      return socket.write(isChunked ? chunk.enveloped : chunk.plain);
    },
    left: () => (socket.destroyed || socket.writableLength === 0 ? undefined : takenBy(socket)),
    end: () => {
      res.end();
    },
    cut: () => {
      socket.destroy();
    },
  };
}
