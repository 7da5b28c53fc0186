import { setTimeout as pause } from 'node:timers/promises';
import type { Observe } from '../observation.js';
import type { Announced, Announcement } from './announcement.js';
import type { Hub } from './hub.js';
import type { Reader } from './reader.js';
import { type Change, NO_HISTORY } from './reading.js';
import { Trust } from './trust.js';

const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 500;

export type FeedOptions = { hub: Hub; reader: Reader; observe: Observe };

/**
 * Brings pulses to the hub one after the other: as announced while none is missing, and read from
 * the table where one is.
 */
export class Feed {
  /** The last pulse that was heard of, whether or not it has been delivered yet. */
  heard = -1;
  readonly #hub: Hub;
  readonly #reader: Reader;
  readonly #observe: Observe;
  readonly #trust = new Trust();
  readonly #queue: { announcement: Announcement; at: number }[] = [];
  readonly #closing = new AbortController();
  #mustRead = false;
  #isRunning = false;

  constructor({ hub, reader, observe }: FeedOptions) {
    this.#hub = hub;
    this.#reader = reader;
    this.#observe = observe;
  }

  /** The first part of it was heard. */
  started(pulse: number): void {
    if (this.#trust.contradicts(pulse)) this.readAgain();
  }

  announced(announcement: Announcement): void {
    const { pulse, changes } = announcement;
    this.#observe({ kind: 'announcement', pulse, changes: changes.length });
    this.heard = Math.max(this.heard, pulse);
    this.#queue.push({ announcement, at: performance.now() });
    void this.#run();
  }

  /** It is heard again what is announced: what was said meanwhile is in the table. */
  listening(): void {
    this.#trust.begin();
    this.readAgain();
  }

  /** Something may have been missed: look at the table. */
  readAgain(): void {
    this.#mustRead = true;
    void this.#run();
  }

  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const { signal } = this.#closing;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted && (this.#mustRead || this.#queue.length > 0)) {
      try {
        if (this.#mustRead) await this.#readTable();
        else await this.#next();
        retryMs = RETRY_MS_MIN;
      } catch {
        // The reader has said what was wrong. What could not be read then must be read later.
        this.#mustRead = true;
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
    this.#isRunning = false;
  }

  async #next(): Promise<void> {
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { announcement, at } = next;
    const { pulse, changes, isJoined } = announcement;
    if (pulse <= this.#hub.pulse) return;
    // A forged part may stand for a true one: so what was joined is read, by one query.
    if (isJoined || !this.#trust.isWhole) {
      this.#mustRead = true;
      return;
    }
    if (pulse > this.#hub.pulse + 1) {
      // The first one after the start is no gap: the table has not been read yet.
      const pulses = pulse - this.#hub.pulse - 1;
      if (this.#hub.pulse >= 0) this.#observe({ kind: 'gap', pulses });
      this.#mustRead = true;
      return;
    }
    const wanted = changes.filter(({ topic }) => this.#hub.has(topic));
    const isComplete = wanted.every(({ json }) => json !== undefined);
    if (isComplete) this.#deliver(announcement, wanted.flatMap(ready(pulse)), at);
    else await this.#deliverRead(announcement, wanted, at);
  }

  /** Some changes came without their values: documents, and numbers too large for JSON. */
  async #deliverRead(
    announcement: Announcement,
    wanted: readonly Announced[],
    at: number,
  ): Promise<void> {
    const { pulse } = announcement;
    const unread = wanted.flatMap(({ topic, json }) => (json === undefined ? topic : []));
    const { changes, history } = await this.#reader.changes(unread, pulse - 1);
    if (history !== this.#hub.history) {
      this.#mustRead = true;
      return;
    }
    // What cannot be read any more its sessions are told, together with the rest.
    const read = new Set(changes.map(({ topic }) => topic));
    this.#hub.refreshTopics(unread.filter((topic) => !read.has(topic)));
    this.#deliver(announcement, [...wanted.flatMap(ready(pulse)), ...changes], at);
  }

  async #readTable(): Promise<void> {
    this.#mustRead = false;
    // What was announced before this look is in what it sees.
    this.#queue.length = 0;
    const at = performance.now();
    const { heard } = this;
    const { fence, topics, pulse: since } = this.#hub;
    const { history, pulse, changes, hidden } = await this.#reader.changes(topics, since);
    if (history === NO_HISTORY) throw new Error('no pulse yet');
    if (history !== this.#hub.history) {
      this.#queue.length = 0;
      this.heard = pulse;
      this.#trust.begin();
      this.#hub.rebase(history, pulse);
      return;
    }
    if (this.#putsRight(pulse, heard)) return;
    this.heard = Math.max(this.heard, pulse);
    this.#hub.refreshTopics(hidden);
    this.#flushed(pulse, this.#hub.deliverRead(pulse, changes, fence), at);
  }

  /** Where a forged announcement was found out: whether all streams read everything anew. */
  #putsRight(pulse: number, heard: number): boolean {
    const wasWhole = this.#trust.isWhole;
    const soundUpTo = this.#trust.lose(heard, pulse);
    if (soundUpTo === undefined) return false;
    const found = heard > pulse ? `heard of pulse ${heard}` : 'heard of one pulse twice';
    this.#observe({ kind: 'forged', message: `${found}, and the table is at ${pulse}` });
    // What was announced since may be true: it is read of, one by one.
    this.heard = pulse;
    this.#hub.doubt(soundUpTo);
    // Since trust was lost only the table's values were delivered.
    if (!wasWhole && this.#hub.pulse <= pulse) return false;
    this.#hub.restate(pulse);
    return true;
  }

  #deliver({ pulse, changes: all }: Announcement, changes: readonly Change[], at: number): void {
    // Documents are announced without a value, and by pulses of their own, which fold nothing.
    const isFold = all.some(({ json }) => json !== undefined);
    this.#flushed(pulse, this.#hub.deliver(pulse, changes, { isFold }), at);
  }

  #flushed(pulse: number, sessions: number, at: number): void {
    if (sessions === 0) return;
    this.#observe({ kind: 'flush', pulse, sessions, ms: performance.now() - at });
  }
}

function ready(pulse: number): (change: Announced) => Change[] {
  return ({ topic, json }) => (json === undefined ? [] : [{ topic, json, version: pulse }]);
}
