import type { Context } from 'koa';
import { type Sink, type SinkEvents, STALL_MS, STREAM_HEADERS } from './sink.js';

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
  res.writeHead(200, STREAM_HEADERS);
  res.flushHeaders();
  socket.setNoDelay(true);
  const isChunked = res.chunkedEncoding;
  let listening: SinkEvents | undefined;
  const drained = () => listening?.drained();
  socket.on('drain', drained);
  res.on('drain', drained);
  res.once('close', () => {
    socket.off('drain', drained);
    listening?.closed();
  });
  // Node puts this off as long as bytes leave, so it tells a slow reader from one that stopped.
  res.setTimeout(STALL_MS, () => {
    if (socket.writableLength > 0) listening?.stalled();
  });
  return {
    attach: (events) => {
      listening = events;
      if (socket.destroyed) events.closed();
    },
    write: (chunk) => {
      if (res.writableEnded || socket.destroyed) return true;
      // Sent behind a request whose answer is not finished: it has the socket, we have to queue.
      if (res.socket === null) return res.write(chunk.plain);
      return socket.write(isChunked ? chunk.enveloped : chunk.plain);
    },
    end: () => {
      res.end();
    },
    cut: () => {
      socket.destroy();
    },
  };
}
