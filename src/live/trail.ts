import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { Pool, Statement } from '../pool.js';
import { isSqlError } from '../sql-error.js';
import type { Feed } from './feed.js';
import { FitnessWatch, type Misfit } from './fitness-watch.js';
import type { Hub } from './hub.js';
import type { Listener } from './listener.js';
import type { Reader } from './reader.js';
import { NO_HISTORY } from './reading.js';
import { DatabaseUnavailable } from './refusal.js';
import { together } from './turns.js';

/** Without a listener, the table is looked at this often. */
const POLL_MS = 100;

/** An announcement and the look at the table cross: it may be this much later. */
const GRACE_MS = 400;

/**
 * Changed declarations are announced, and are looked at when listening begins. A look without that
 * is for tables that were changed so that they cannot be counted any more, of which nobody hears.
 */
const DEFINITIONS_TIMES = 10;

/** Deaf again soon after a new beginning: beginning again at once helps no more. */
const DEAF_AGAIN_MS = 60_000;
const DISTRUST_MS = 5000;

const TRAIL: Statement = {
  name: 'tally-trail',
  text: 'select pulse, is_pending, history, seen from tally.trail()',
  // It is a few look-ups: no answer by then means that nobody is there.
  answerMs: 3000,
};

type TrailRow = [pulse: string, isPending: boolean, history: string | null, seen: string];

export type TrailOptions = {
  pool: Pool;
  reader: Reader;
  hub: Hub;
  feed: Feed;
  listener: Listener;
  idleMs: number;
  /** Rejects with what is wrong with the database. */
  isFit: () => Promise<void>;
  /** It is not any more. */
  onFit: () => void;
};

export type Trail = {
  isAnswered(): boolean;
  /** What is wrong with the database that answers, if anything. */
  misfit(): Misfit | undefined;
  /** A write failed there because it is read-only. */
  foundReadOnly(): void;
  /** How long changes have been waiting for a pulse, as far as this server has seen. */
  lagMs(): number;
  definitionsChanged(): void;
  close(): void;
};

/**
 * Compares what was heard with the pulses' own trail in the table: an idle listener can be dead
 * while it looks healthy. Where nothing is heard at all, the trail is followed instead.
 */
export function watchTrail(options: TrailOptions): Trail {
  const closing = new AbortController();
  const { signal } = closing;
  const ear = new Ear(options);
  let isAnswered = false;
  let isChecking = false;
  let isAskedAgain = false;
  let definitionsAt = performance.now();
  const fitness = new FitnessWatch(options.isFit, options.onFit);
  const { hub, reader, listener, idleMs } = options;

  const checkDefinitions = async () => {
    // What changes while they are read may not be in what is read; where that fails, the next look
    // asks again.
    isAskedAgain = true;
    definitionsAt = Number.NEGATIVE_INFINITY;
    if (isChecking) return;
    isChecking = true;
    try {
      while (isAskedAgain) {
        isAskedAgain = false;
        const { names } = hub;
        if (names.length > 0) hub.redefine(names, await reader.definitions(names));
      }
      definitionsAt = performance.now();
    } finally {
      isChecking = false;
    }
  };
  const run = async () => {
    while (!signal.aborted) {
      const isListening = listener.state === 'listening';
      const waitMs = isListening ? idleMs : Math.min(POLL_MS, idleMs);
      await pause(together(waitMs), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      let history = NO_HISTORY;
      try {
        history = await ear.compare(signal);
        isAnswered = true;
        await fitness.look(history);
        const isDue = performance.now() - definitionsAt > idleMs * DEFINITIONS_TIMES;
        if (isDue || hub.isTornOnDefinitions) await checkDefinitions();
      } catch (error) {
        const cause = error instanceof DatabaseUnavailable ? error.cause : error;
        isAnswered = history !== NO_HISTORY && isSqlError(cause);
        // Only one that answers can say what is wrong with it.
        if (isSqlError(cause)) await fitness.look(history);
        else fitness.forget();
      }
    }
  };
  void run();
  return {
    isAnswered: () => isAnswered,
    misfit: () => fitness.misfit,
    foundReadOnly: () => fitness.suspect(),
    lagMs: () => ear.lagMs,
    definitionsChanged: () => void checkDefinitions().catch(() => undefined),
    close: () => closing.abort(),
  };
}

class Ear {
  readonly #options: TrailOptions;
  #deafAt = Number.NEGATIVE_INFINITY;
  #pending: { seen: string; since: number } | undefined;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  async compare(signal: AbortSignal): Promise<string> {
    const { pool, hub, feed, listener } = this.#options;
    const { heard } = feed;
    const [row] = await pool.rows<TrailRow>(TRAIL, []);
    if (row === undefined) throw new Error('tally.trail() returned nothing');
    const [last, isPending, history] = [Number(row[0]), row[1], row[2] ?? NO_HISTORY];
    this.#note(row[3], isPending);
    const isElsewhere = history !== NO_HISTORY && history !== hub.history;
    if (listener.state !== 'listening' || isElsewhere) {
      if (last !== hub.pulse || isElsewhere) feed.readAgain();
      return history;
    }
    // Announced, and not in the table: the feed finds out what is wrong with it.
    if (heard > last) feed.readAgain();
    if (feed.heard >= last) return history;
    await pause(GRACE_MS, undefined, { signal }).catch(() => undefined);
    // Where this process stood still meanwhile, it is told of the time before what it has heard.
    await turn();
    if (feed.heard >= last || listener.state !== 'listening' || signal.aborted) {
      return history;
    }
    const isAgain = performance.now() - this.#deafAt < DEAF_AGAIN_MS;
    this.#deafAt = performance.now();
    const reason = `it heard pulse ${feed.heard} last, the table is at ${last}`;
    listener.restart(reason, isAgain ? DISTRUST_MS : 0);
    feed.readAgain();
    return history;
  }

  get lagMs(): number {
    return this.#pending === undefined ? 0 : performance.now() - this.#pending.since;
  }

  /** Documents have pulses of their own, which fold nothing: so it goes by what the last fold saw. */
  #note(seen: string, isPending: boolean): void {
    if (!isPending) this.#pending = undefined;
    else if (this.#pending?.seen !== seen) this.#pending = { seen, since: performance.now() };
  }
}
