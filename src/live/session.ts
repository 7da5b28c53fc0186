import type { CloseReason } from '../observation.js';
import type { Viewer } from './audience.js';
import type { Instant } from './clock.js';
import { Chunk, HEARTBEAT, noticeFrame } from './frame.js';
import type { HubTopic } from './hub-topic.js';
import type { Sink } from './sinks/sink.js';

/** What all sessions of a server have in common. */
export type SessionEnvironment = {
  heartbeatMs: number;
  /** A reader that takes nothing for so long is cut. */
  stallMs: number;
  onDrained: (session: Session) => void;
  onClosed: (session: Session, reason: CloseReason, ms: number) => void;
};

export type SessionOptions = {
  environment: SessionEnvironment;
  viewer: Viewer | undefined;
  /** When it ends by itself, for its client to take up anew: ms since 1970. */
  endsAt: number;
};

/** Why a topic that somebody waits for is not shown. */
export type Hindrance = 'filling' | 'broken' | 'overflow' | 'gone';

/**
 * One client's stream. What its client has is everything up to `pulse`; what it lacks is marked,
 * never queued: a slow reader gets each marked topic's newest state when there is room again.
 */
export class Session {
  readonly viewer: Viewer | undefined;
  topics: readonly HubTopic[] = [];
  /** Of which history `pulse` is; '' before its first snapshot. */
  history = '';
  pulse = -1;
  /** Sessions are numbered as they join the hub. */
  serial = 0;
  /**
   * Its snapshot, as of this pulse, saw changes that were not folded. The next fold may lack some of
   * them and would show half of a transaction; the one after has them all, so nothing is sent before
   * that one.
   */
  holdsFrom: number | undefined;
  /** Topics that were not settled in its last snapshot. */
  unsettled: ReadonlySet<HubTopic> | undefined;
  /** Topics that it was told are not shown now. */
  unavailable: Map<HubTopic, Hindrance> | undefined;
  marks: Set<HubTopic> | undefined;
  /** It must read for itself: what the hub has is not enough to go on from. */
  isStale = false;
  /** A snapshot older than this pulse misses something that nobody will announce again. */
  mustReach = -1;
  /** What it is reading may be of before a change of which nobody will tell it: it reads again. */
  mustReadAgain = false;
  readonly #environment: SessionEnvironment;
  readonly #openedAt = performance.now();
  readonly #endsAt: number;
  #sink: Sink | undefined;
  #isFull = false;
  #isClosed = false;
  #beatAt: number;
  /** False while nothing was sent since all had left: most streams, most of the time. */
  #mayWait = false;
  /** What had left when bytes were last seen to leave, or to begin to wait, and when that was. */
  #left: number | undefined;
  #leftAt = 0;

  constructor({ environment, viewer, endsAt }: SessionOptions) {
    this.#environment = environment;
    this.viewer = viewer;
    this.#endsAt = endsAt;
    // Not all at once: each has its own phase, and none is late where the turn is.
    this.#beatAt = performance.now() + environment.heartbeatMs * (0.5 + Math.random() * 0.45);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasBegun(): boolean {
    return this.#sink !== undefined;
  }

  /** It can be written to. */
  get isFlowing(): boolean {
    return this.#sink !== undefined && !this.#isFull && !this.#isClosed;
  }

  hasExpired(now?: number): boolean {
    return this.viewer !== undefined && this.viewer.expiresAt <= (now ?? Date.now());
  }

  begin(sink: Sink): void {
    this.#sink = sink;
    sink.attach({
      drained: () => {
        this.#isFull = false;
        if (!this.#isClosed) this.#environment.onDrained(this);
      },
      closed: () => this.leave('client'),
    });
  }

  mark(topic: HubTopic): void {
    this.marks ??= new Set();
    this.marks.add(topic);
  }

  send(chunk: Chunk): void {
    if (this.#isClosed || this.#sink === undefined) return;
    this.#mayWait = true;
    if (!this.#sink.write(chunk)) this.#isFull = true;
  }

  /** A topic that was not shown for some reason is shown again. */
  isShown(topic: HubTopic): void {
    if (this.unavailable?.delete(topic) === true && this.unavailable.size === 0) {
      this.unavailable = undefined;
    }
  }

  /**
   * The pulse that an id names. While a topic is not shown, a client that goes and comes back must
   * hear of it again, whether or not it has changed: then it comes back to the beginning.
   */
  idPulse(pulse: number): number {
    return this.unavailable === undefined ? pulse : 0;
  }

  /** Everything up to that pulse has been sent. */
  reached(pulse: number): void {
    this.pulse = pulse;
    this.marks = undefined;
    this.holdsFrom = undefined;
    this.unsettled = undefined;
  }

  /**
   * What is due by the clock: the end of a reader that stopped, the token's end, the stream's own,
   * a heartbeat. Returns in how many ms it is to be looked at again; never, once nothing waits.
   */
  tick({ date, ms, turnMs }: Instant): number {
    if (this.#sink === undefined) return Number.POSITIVE_INFINITY;
    const stallsIn = this.#stallsIn(this.#sink, ms);
    if (stallsIn <= 0) this.cut('stalled');
    if (this.#isClosed) return stallsIn;
    if (this.hasExpired(date)) {
      this.send(new Chunk([noticeFrame('expired', {})]));
      this.end('expired');
    } else if (this.#endsAt <= date) {
      this.end('aged');
    } else if (this.#beatAt <= ms + turnMs / 2) {
      this.#beatAt = ms + this.#environment.heartbeatMs;
      // Bytes wait already: more would only hide that nobody takes them.
      if (!this.#isFull) this.send(HEARTBEAT);
    }
    return Math.min(stallsIn, this.restMs(date));
  }

  /** How many ms it has until it ends by itself. */
  restMs(date: number): number {
    return Math.min(this.#endsAt, this.viewer?.expiresAt ?? this.#endsAt) - date;
  }

  #stallsIn(sink: Sink, ms: number): number {
    if (!this.#mayWait) return Number.POSITIVE_INFINITY;
    const left = sink.left();
    if (left === undefined || left !== this.#left) this.#leftAt = ms;
    this.#left = left;
    this.#mayWait = left !== undefined;
    if (left === undefined) return Number.POSITIVE_INFINITY;
    return this.#leftAt + this.#environment.stallMs - ms;
  }

  end(reason: CloseReason): void {
    this.leave(reason);
    this.#mayWait = true;
    this.#sink?.end();
  }

  cut(reason: CloseReason): void {
    this.leave(reason);
    this.#sink?.cut();
  }

  leave(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.marks = undefined;
    this.#environment.onClosed(this, reason, performance.now() - this.#openedAt);
  }
}
