import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../database.js';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1000;

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
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    let client: pg.Client | undefined;
    try {
      client = await connect(options.url, application);
      retryMs = RETRY_MS_MIN;
      await options.run(client);
    } catch (error) {
      if (signal.aborted) break;
      log(`${application}: ${messageOf(error)}; trying again in ${retryMs} ms`);
      await pause(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    } finally {
      await client?.end().catch(() => undefined);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
