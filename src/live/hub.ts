import type { Observe } from '../observation.js';
import { type Chunk, idOf } from './frame.js';
import type { HubTopic } from './hub-topic.js';
import { PulseChunks } from './pulse-chunks.js';
import type { Change, Definition, Reading } from './reading.js';
import type { Session } from './session.js';
import type { Topic } from './topic.js';
import { WatchedTopics } from './watched-topics.js';

/** The fold that a held session waits for comes within two beats, or there is none to come. */
const HOLD_MS = 50;

export type HubOptions = {
  observe: Observe;
  /** Reads all topics of these sessions anew, and sends what they lack. */
  refresh: (sessions: readonly Session[]) => void;
  /** A session has read of another history than the hub's. */
  onStrange: () => void;
};

/**
 * Who waits for what, and the newest state of it: state, not a log. What it holds is of the
 * history and pulse that it names.
 */
export class Hub {
  history = '';
  pulse = -1;
  readonly #options: HubOptions;
  readonly #sessions = new Set<Session>();
  readonly #topics = new WatchedTopics();
  readonly #held = new Set<Session>();
  #holdTimer: NodeJS.Timeout | undefined;
  #joined = 0;
  readonly #chunks = new PulseChunks();
  /** The pulses of the last two folds that were heard of, the later one first. */
  #folds: readonly [last: number, before: number] = [-1, -1];
  #doubtful: { history: string; from: number; to: number } | undefined;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  get topics(): Topic[] {
    return Array.from(this.#topics, ({ topic }) => topic);
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  get names(): string[] {
    return this.#topics.names;
  }

  has(topic: Topic): boolean {
    return this.#topics.get(topic) !== undefined;
  }

  /** From now on what changes is marked for it; its snapshot must be read after this. */
  join(session: Session, topics: readonly Topic[]): void {
    this.#joined += 1;
    session.serial = this.#joined;
    this.#sessions.add(session);
    session.topics = topics.map((topic) => this.#topics.add(session, topic));
  }

  leave(session: Session): void {
    this.#sessions.delete(session);
    this.#held.delete(session);
    for (const topic of session.topics) this.#topics.remove(session, topic);
    session.topics = [];
  }

  /**
   * What one pulse, or several, changed; whether it is known to be one, and to have folded. Returns
   * how many sessions were written to.
   */
  deliver(pulse: number, changes: readonly Change[], { isFold = false } = {}): number {
    const before = this.pulse;
    this.pulse = pulse;
    if (isFold) this.#folds = [pulse, this.#folds[0]];
    this.#chunks.clear();
    const changed = changes.flatMap(({ topic, json, version }) => {
      const known = this.#topics.get(topic);
      known?.set(json, version);
      return known ?? [];
    });
    const [only] = changed;
    if (only === undefined) return 0;
    let alone: Chunk | undefined;
    /** And what their clients have: the pulse before, but where something has waited since. */
    const touched = new Map<Session, number>();
    let conflated = 0;
    let written = 0;
    for (const topic of changed) {
      for (const session of topic.sessions) {
        if (session.hasBegun && pulse <= session.pulse && session.history === this.history)
          continue;
        if (changed.length === 1 && this.#takesAlone(session)) {
          alone ??= only.alone(idOf(this.history, pulse), pulse);
          session.send(alone);
          session.reached(pulse);
          written += 1;
          continue;
        }
        if (session.marks?.has(topic)) conflated += 1;
        if (!touched.has(session)) touched.set(session, session.marks === undefined ? before : -1);
        session.mark(topic);
      }
    }
    for (const [session, from] of touched) if (this.#flush(session, from)) written += 1;
    if (conflated > 0) this.#options.observe({ kind: 'conflated', frames: conflated });
    return written;
  }

  /** Room again, or certain again: send what is marked, unless it still has to wait. */
  goOn(session: Session): void {
    if (session.isStale) this.#refresh([session]);
    else if (session.marks !== undefined) this.#flush(session, session.pulse);
  }

  /** A session has caught up by itself; the hub may have gone further meanwhile. */
  settled(session: Session): void {
    if (session.isClosed) return;
    if (session.history !== this.history) {
      if (this.history !== '') this.#options.onStrange();
    } else if (session.mustReadAgain || session.pulse < session.mustReach) {
      session.mustReadAgain = false;
      this.#refresh([session]);
    } else if (session.marks !== undefined) {
      this.#flush(session, session.pulse);
    }
  }

  #takesAlone(session: Session): boolean {
    if (session.marks !== undefined || session.unavailable !== undefined) return false;
    return this.#isReady(session);
  }

  #isReady(session: Session): boolean {
    if (!session.isFlowing || session.isStale || session.history !== this.history) return false;
    return !this.#isHeld(session) && !session.hasExpired();
  }

  /** Pulses of documents fold nothing, so they do not count. */
  #isHeld({ holdsFrom }: Session): boolean {
    return holdsFrom !== undefined && this.#folds[1] <= holdsFrom;
  }

  #flush(session: Session, before: number): boolean {
    if (session.marks === undefined) return false;
    if (!this.#isReady(session)) {
      if (session.isFlowing && this.#isHeld(session)) this.#hold(session);
      return false;
    }
    for (const topic of session.marks) session.isShown(topic);
    const { history, pulse } = this;
    const from = session.idPulse(Math.max(before, session.pulse));
    const to = session.idPulse(pulse);
    session.send(this.#chunks.of([...session.marks], { history, pulse, from, to }));
    session.reached(pulse);
    return true;
  }

  #hold(session: Session): void {
    this.#held.add(session);
    this.#holdTimer ??= setTimeout(() => {
      this.#holdTimer = undefined;
      const held = [...this.#held].filter(({ marks }) => marks !== undefined);
      this.#held.clear();
      this.#refresh(held);
    }, HOLD_MS);
  }

  /** Until they have read, nothing else is sent to them: it would leave a gap, or close one early. */
  #refresh(sessions: readonly Session[]): void {
    if (sessions.length === 0) return;
    for (const session of sessions) session.isStale = true;
    this.#options.refresh(sessions);
  }

  /** Another database, or another life of it: what was known is worth nothing. */
  rebase(history: string, pulse: number): void {
    this.history = history;
    this.pulse = pulse;
    this.#folds = [-1, -1];
    for (const topic of this.#topics) topic.version = -1;
    this.#refresh(this.#behind(pulse, 0));
  }

  /**
   * Pulses above that one may have been delivered as somebody forged them: ids that name them say
   * nothing of what their clients have.
   */
  doubt(soundUpTo: number): void {
    const { history, pulse } = this;
    const before = this.#doubtful?.history === history ? this.#doubtful : undefined;
    const from = Math.min(before?.from ?? soundUpTo, soundUpTo);
    this.#doubtful = { history, from, to: Math.max(before?.to ?? 0, pulse) };
  }

  /** Whether an id of that pulse can be gone on from. */
  isDoubtful(history: string, pulse: number): boolean {
    if (this.#doubtful?.history !== history) return false;
    return pulse > this.#doubtful.from && pulse <= this.#doubtful.to;
  }

  /** Every session is told everything anew, whatever it has. */
  restate(pulse: number): void {
    for (const session of this.#sessions) if (session.hasBegun) session.history = '';
    this.rebase(this.history, pulse);
  }

  /**
   * What the table says has changed up to that pulse, of the topics that were there at `fence`.
   * Who joined since may wait for others, of which nothing is known here: he reads for himself.
   */
  deliverRead(pulse: number, changes: readonly Change[], fence: number): number {
    const behind = this.#behind(pulse, fence);
    for (const session of behind) session.isStale = true;
    const written = this.deliver(pulse, changes);
    this.#refresh(behind);
    return written;
  }

  /** Sessions that know less than that, and of which the hub knows no more. */
  #behind(pulse: number, fence: number): Session[] {
    return [...this.#sessions].filter((session) => {
      if (session.serial > fence) session.mustReach = pulse;
      if (!session.hasBegun) return false;
      if (session.history !== this.history) return true;
      return session.serial > fence && session.pulse < pulse;
    });
  }

  /** To be given to deliverRead: whoever joins from now on comes after it. */
  get fence(): number {
    return this.#joined;
  }

  /** Everybody who waits for one of these reads it for himself. */
  refreshTopics(topics: readonly Topic[]): void {
    const sessions = new Set<Session>();
    for (const topic of topics) {
      for (const session of this.#topics.get(topic)?.sessions ?? []) {
        if (session.hasBegun) sessions.add(session);
        else session.mustReadAgain = true;
      }
    }
    this.#refresh([...sessions]);
  }

  learn(topic: HubTopic, reading: Reading): void {
    this.#topics.learn(topic, reading);
  }

  /** Sessions have read different things of one declaration: it is to be looked at again. */
  get isTornOnDefinitions(): boolean {
    return this.#topics.isTorn;
  }

  /** Whoever waits for what is declared otherwise now reads and is judged anew. */
  redefine(asked: readonly string[], definitions: readonly Definition[]): void {
    const concerned = this.#topics.redefine(asked, definitions);
    if (concerned.length > 0) this.refreshTopics(concerned);
  }

  close(): void {
    clearTimeout(this.#holdTimer);
  }
}
