import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../database.js';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1000;

/** A session that lasted this long was well: what ended it is a new misfortune. */
const WELL_MS = 5000;

/** The same complaint again is said this often. */
const REPEAT_MS = 60_000;

export type LoopOptions = {
  url: string;
  application: string;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Runs on one session until it fails or the signal comes. */
  run: (client: pg.Client) => Promise<void>;
};

/** Keeps something running on a session of its own, through every loss of the connection. */
export async function sessionLoop(options: LoopOptions): Promise<void> {
  const { signal, log, application } = options;
  const complain = complainer(log);
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    let client: pg.Client | undefined;
    const started = performance.now();
    try {
      client = await connect(options.url, application);
      await options.run(client);
    } catch (error) {
      if (signal.aborted) break;
      if (performance.now() - started > WELL_MS) retryMs = RETRY_MS_MIN;
      complain(`${application}: ${messageOf(error)}; trying again until it works`);
      await pause(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    } finally {
      await client?.end().catch(() => undefined);
    }
  }
}

function complainer(log: (line: string) => void): (line: string) => void {
  let last = '';
  let saidAt = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (line === last && performance.now() - saidAt < REPEAT_MS) return;
    last = line;
    saidAt = performance.now();
    log(line);
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
