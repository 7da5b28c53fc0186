import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { atOnce, connect } from '../database.js';
import { codeOf, messageOf } from '../errors.js';
import { READ_ONLY } from '../sql-error.js';
import { faultOfSession } from './probe.js';
import { within } from './within.js';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 400;

/** What is the wrong place to be is looked at again after this long. */
const UNFIT_RETRY_MS = 5000;

/** A session that lasted this long was well: what ended it is a new misfortune. */
const WELL_MS = 5000;

/** Sessions that are silent for this many of their idle times are ended by the server. */
const SILENT_TIMES = 5;
const SILENT_MS_MIN = 5000;

/** Saying good-bye may find nobody there. */
const END_MS = 1000;

/** The same complaint again is said this often. */
const REPEAT_MS = 60_000;

export type LoopOptions = {
  url: string;
  application: string;
  log: (line: string) => void;
  signal: AbortSignal;
  /** It asks something at least this often. */
  idleMs: number;
  /** No answer after this long: the connection is dead. Without it, an answer may take forever. */
  answerMs?: number;
  onEnd?: (() => void) | undefined;
  /** A write failed because transactions are read-only. */
  onReadOnly?: (() => void) | undefined;
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
      client = await connect(options.url, application, options);
      await refuseUnfit(client, options.url);
      await endWhenSilent(client, options.idleMs);
      await options.run(client);
    } catch (error) {
      if (signal.aborted) break;
      if (codeOf(error) === READ_ONLY) options.onReadOnly?.();
      if (performance.now() - started > WELL_MS) retryMs = RETRY_MS_MIN;
      complain(`${application}: ${messageOf(error)}; trying again until it works`);
      const waitMs = error instanceof UnfitSession ? UNFIT_RETRY_MS : retryMs;
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    } finally {
      options.onEnd?.();
      if (client !== undefined) await within(END_MS, client.end());
    }
  }
}

class UnfitSession extends Error {
  override readonly name = 'UnfitSession';
}

/** Its locks and settings would stay on sessions that others get, and nobody would ring. */
async function refuseUnfit(client: pg.Client, url: string): Promise<void> {
  const fault = await faultOfSession(client, url);
  if (fault !== undefined) throw new UnfitSession(fault);
}

/**
 * What this session holds, it holds for all servers: where the network swallows it without a
 * word, PostgreSQL would keep it, and its locks, for hours.
 */
async function endWhenSilent(client: pg.Client, idleMs: number): Promise<void> {
  const ms = Math.max(SILENT_MS_MIN, idleMs * SILENT_TIMES);
  const set = `select pg_catalog.set_config('idle_session_timeout', $1, false)`;
  await client.query(atOnce(set, [`${ms}`]));
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
