import type { Chunk } from '../frame.js';

export type SinkEvents = {
  /** What was written has left: there is room again. */
  drained(): void;
  /** The client is gone, or has been let go. */
  closed(): void;
  /** Nothing of what waits was taken for STALL_MS. */
  stalled(): void;
};

/** Where one stream's bytes go. A session is the only one that writes to it. */
export type Sink = {
  attach(events: SinkEvents): void;
  /** False when it is full: the rest waits for `drained`, and is not written meanwhile. */
  write(chunk: Chunk): boolean;
  /** What was written still arrives. */
  end(): void;
  /** What was written is dropped. */
  cut(): void;
};

/** A reader that takes nothing for so long is cut. */
export const STALL_MS = 30_000;

export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;
