import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, Statement } from '../pool.js';
import type { Feed } from './feed.js';
import type { Hub } from './hub.js';
import type { Listener } from './listener.js';
import type { Reader } from './reader.js';

/** Without a listener, the table is looked at this often. */
const POLL_MS = 100;

/** An announcement and the look at the table cross: it may be this much later. */
const GRACE_MS = 150;

/** Deaf again soon after a new beginning: beginning again at once helps no more. */
const DEAF_AGAIN_MS = 60_000;
const DISTRUST_MS = 5000;

const LAST_PULSE: Statement = {
  name: 'tally-last-pulse',
  text: 'select pulse from tally.pulses order by pulse desc limit 1',
};

export type TrailOptions = {
  pool: Pool;
  reader: Reader;
  hub: Hub;
  feed: Feed;
  listener: Listener;
  idleMs: number;
};

export type Trail = {
  isAnswered(): boolean;
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
  const { hub, reader, listener, idleMs } = options;

  const checkDefinitions = async () => {
    if (isChecking) return;
    isChecking = true;
    try {
      const { names } = hub;
      if (names.length > 0) hub.redefine(names, await reader.definitions(names));
    } finally {
      isChecking = false;
    }
  };
  const run = async () => {
    let definitionsAt = performance.now();
    while (!signal.aborted) {
      const isListening = listener.state === 'listening';
      const waitMs = isListening ? idleMs : Math.min(POLL_MS, idleMs);
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await ear.compare(signal);
        isAnswered = true;
        if (performance.now() - definitionsAt < idleMs) continue;
        definitionsAt = performance.now();
        await checkDefinitions();
      } catch {
        isAnswered = false;
      }
    }
  };
  void run();
  return {
    isAnswered: () => isAnswered,
    definitionsChanged: () => void checkDefinitions().catch(() => undefined),
    close: () => closing.abort(),
  };
}

class Ear {
  readonly #options: TrailOptions;
  #deafAt = Number.NEGATIVE_INFINITY;

  constructor(options: TrailOptions) {
    this.#options = options;
  }

  async compare(signal: AbortSignal): Promise<void> {
    const { pool, hub, feed, listener } = this.#options;
    const [row] = await pool.rows<[string]>(LAST_PULSE, []);
    const last = Number(row?.[0] ?? 0);
    if (listener.state !== 'listening') {
      if (last !== hub.pulse) feed.readAgain();
      return;
    }
    if (feed.heard >= last) return;
    await pause(GRACE_MS, undefined, { signal }).catch(() => undefined);
    if (feed.heard >= last || listener.state !== 'listening' || signal.aborted) return;
    const isAgain = performance.now() - this.#deafAt < DEAF_AGAIN_MS;
    this.#deafAt = performance.now();
    const reason = `it heard pulse ${feed.heard} last, the table is at ${last}`;
    listener.restart(reason, isAgain ? DISTRUST_MS : 0);
    feed.readAgain();
  }
}
