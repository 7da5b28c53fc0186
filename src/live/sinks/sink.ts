import type { Socket } from 'node:net';
import type { Chunk } from '../frame.js';

export type SinkEvents = {
  /** What was written has left: there is room again. */
  drained(): void;
  /** The client is gone, or has been let go. */
  closed(): void;
};

/** Where one stream's bytes go. A session is the only one that writes to it. */
export type Sink = {
  attach(events: SinkEvents): void;
  /** False when it is full: the rest waits for `drained`, and is not written meanwhile. */
  write(chunk: Chunk): boolean;
  /** How many bytes have left, while others wait; undefined when none wait. */
  left(): number | undefined;
  /** What was written still arrives. */
  end(): void;
  /** What was written is dropped. */
  cut(): void;
};

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

/**
 * How many bytes the kernel has taken. The socket itself counts a write when all of it has been
 * taken, and a large one may take a slow reader minutes: what is below it knows of each part.
 */
export function takenBy(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  if (typeof handle === 'object' && handle !== null) {
    const written = 'bytesWritten' in handle ? handle.bytesWritten : undefined;
    const queued = 'writeQueueSize' in handle ? handle.writeQueueSize : undefined;
    if (typeof written === 'number' && typeof queued === 'number') return written - queued;
  }
  return socket.bytesWritten - socket.writableLength;
}
