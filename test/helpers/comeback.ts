import { setTimeout as pause } from 'node:timers/promises';
import { Recorder } from './frames.js';
import { openStream, type Stream, type StreamRequest } from './sse.js';

/** What EventSource does, on a bare socket and without its patience: a stream that comes back. */
export type Comeback = {
  /** Of all its connections together. */
  readonly recorder: Recorder;
  readonly opened: () => number;
  /** Answers other than 200, by status. */
  readonly refusals: number[];
  pause(): void;
  resume(): void;
  /** Drops the connection, as a phone does that leaves the network. */
  drop(): void;
  close(): void;
};

const RETRY_MS = 20;

/** The request is asked for anew each time: it may be another server's turn. */
export function comeBack(next: () => StreamRequest): Comeback {
  const recorder = new Recorder();
  const refusals: number[] = [];
  const state: { going: boolean; isPaused: boolean; stream?: Stream | undefined; opened: number } =
    { going: true, isPaused: false, opened: 0 };
  const run = async () => {
    while (state.going) {
      const stream = await openStream({ ...next(), lastEventId: recorder.lastId }, recorder).catch(
        () => undefined,
      );
      if (stream === undefined) {
        await pause(RETRY_MS);
        continue;
      }
      state.stream = stream;
      if (stream.status === 200) state.opened += 1;
      else refusals.push(stream.status);
      if (!state.going) stream.close();
      else if (state.isPaused) stream.pause();
      await stream.recorder.over(Number.MAX_SAFE_INTEGER);
      stream.close();
      state.stream = undefined;
      await pause(RETRY_MS);
    }
    recorder.end('it was closed');
  };
  void run();
  return {
    recorder,
    refusals,
    opened: () => state.opened,
    pause: () => {
      state.isPaused = true;
      state.stream?.pause();
    },
    resume: () => {
      state.isPaused = false;
      state.stream?.resume();
    },
    drop: () => state.stream?.close(),
    close: () => {
      state.going = false;
      state.stream?.close();
    },
  };
}
