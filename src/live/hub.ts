import type { Observe } from '../observation.js';
import { Chunk, idOf, syncFrame, updateHead } from './frame.js';
import { HubTopic } from './hub-topic.js';
import type { Change, Definition, Reading } from './reader.js';
import type { Session } from './session.js';
import { type Topic, topicText } from './topic.js';

/** The pulse that a held session waits for comes within two beats, or there is none to come. */
const HOLD_MS = 50;

export type HubOptions = {
  observe: Observe;
  /** Reads all topics of these sessions anew, and sends what they lack. */
  refresh: (sessions: readonly Session[]) => void;
  /** A session has read of another history than the hub's. */
  onStrange: () => void;
};

type Name = { definition: string | undefined; topics: Set<HubTopic> };

/**
 * Who waits for what, and the newest state of it: state, not a log. What it holds is of the
 * history and pulse that it names.
 */
export class Hub {
  history = '';
  pulse = -1;
  readonly #options: HubOptions;
  readonly #sessions = new Set<Session>();
  readonly #topics = new Map<string, HubTopic>();
  readonly #names = new Map<string, Name>();
  readonly #held = new Set<Session>();
  #holdTimer: NodeJS.Timeout | undefined;
  #joined = 0;
  /** This pulse's chunks by what is in them: most sessions wait for the same topics. */
  readonly #chunks = new Map<string, Chunk>();

  constructor(options: HubOptions) {
    this.#options = options;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#sessions;
  }

  get topics(): Topic[] {
    return Array.from(this.#topics.values(), ({ topic }) => topic);
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  get names(): string[] {
    return [...this.#names.keys()];
  }

  has(topic: Topic): boolean {
    return this.#topics.has(topicText(topic));
  }

  /** From now on what changes is marked for it; its snapshot must be read after this. */
  join(session: Session, topics: readonly Topic[]): void {
    this.#joined += 1;
    session.serial = this.#joined;
    this.#sessions.add(session);
    session.topics = topics.map((topic) => {
      const known = this.#topic(topic);
      known.sessions.add(session);
      return known;
    });
  }

  leave(session: Session): void {
    this.#sessions.delete(session);
    this.#held.delete(session);
    for (const topic of session.topics) this.#forget(session, topic);
    session.topics = [];
  }

  #forget(session: Session, topic: HubTopic): void {
    topic.sessions.delete(session);
    if (topic.sessions.size > 0) return;
    this.#topics.delete(topic.text);
    const name = this.#names.get(topic.topic.name);
    name?.topics.delete(topic);
    if (name?.topics.size === 0) this.#names.delete(topic.topic.name);
  }

  #topic(topic: Topic): HubTopic {
    const text = topicText(topic);
    const known = this.#topics.get(text);
    if (known !== undefined) return known;
    const made = new HubTopic(topic);
    this.#topics.set(text, made);
    const name = this.#names.get(topic.name) ?? { definition: undefined, topics: new Set() };
    this.#names.set(topic.name, name);
    name.topics.add(made);
    return made;
  }

  /** What one pulse, or several, changed. Returns how many sessions were written to. */
  deliver(pulse: number, changes: readonly Change[]): number {
    const before = this.pulse;
    this.pulse = pulse;
    this.#chunks.clear();
    const changed = changes.flatMap(({ topic, json, version }) => {
      const known = this.#topics.get(topicText(topic));
      known?.set(json, version);
      return known ?? [];
    });
    const [only] = changed;
    if (only === undefined) return 0;
    const alone = changed.length === 1 ? only.alone(idOf(this.history, pulse), pulse) : undefined;
    const touched = new Set<Session>();
    let conflated = 0;
    let written = 0;
    for (const topic of changed) {
      for (const session of topic.sessions) {
        if (session.hasBegun && pulse <= session.pulse && session.history === this.history)
          continue;
        if (alone !== undefined && this.#takesAlone(session)) {
          session.send(alone);
          session.reached(pulse);
          written += 1;
          continue;
        }
        if (session.marks?.has(topic)) conflated += 1;
        session.mark(topic);
        touched.add(session);
      }
    }
    for (const session of touched) if (this.#flush(session, before)) written += 1;
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
    } else if (session.pulse < session.mustReach) {
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
    return this.pulse >= session.holdsUntil && !session.hasExpired;
  }

  #flush(session: Session, before: number): boolean {
    if (session.marks === undefined) return false;
    if (!this.#isReady(session)) {
      if (session.isFlowing && this.pulse < session.holdsUntil) this.#hold(session);
      return false;
    }
    for (const topic of session.marks) session.isShown(topic);
    const since = session.idPulse(Math.max(before, session.pulse));
    session.send(this.#chunkOf([...session.marks], since, session.idPulse(this.pulse)));
    session.reached(this.pulse);
    return true;
  }

  /**
   * All but the last update carry the id before: a client that is cut off between two of them
   * comes back with it, and gets them all again.
   */
  #chunkOf(topics: readonly HubTopic[], before: number, now: number): Chunk {
    const key = `${before} ${now} ${topics.map(({ text }) => text).join('\n')}`;
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    const id = idOf(this.history, now);
    const head = updateHead(idOf(this.history, before));
    const last = updateHead(id);
    const updates = topics.flatMap(({ data }, at) => [at < topics.length - 1 ? head : last, data]);
    const chunk = new Chunk([...updates, syncFrame(id, this.pulse)]);
    this.#chunks.set(key, chunk);
    return chunk;
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
    for (const topic of this.#topics.values()) topic.version = -1;
    this.#refresh(this.#behind(pulse, 0));
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
      for (const session of this.#topics.get(topicText(topic))?.sessions ?? []) {
        if (session.hasBegun) sessions.add(session);
      }
    }
    this.#refresh([...sessions]);
  }

  /** What a session has just read says how a topic is declared now. */
  learn(topic: HubTopic, { kind, audience, state }: Reading): void {
    if (kind !== undefined) topic.kind = kind;
    const name = this.#names.get(topic.topic.name);
    if (name === undefined) return;
    name.definition ??= signOf({ kind, audience, state });
  }

  /** Compares the declarations with those known; who is concerned reads and is judged anew. */
  redefine(asked: readonly string[], definitions: readonly Definition[]): void {
    const now = new Map(definitions.map((one) => [one.name, signOf(one)]));
    const concerned = asked.flatMap((text) => {
      const name = this.#names.get(text);
      const definition = now.get(text) ?? UNKNOWN;
      if (name === undefined || name.definition === definition) return [];
      const isNews = name.definition !== undefined;
      name.definition = definition;
      return isNews ? Array.from(name.topics, ({ topic }) => topic) : [];
    });
    if (concerned.length > 0) this.refreshTopics(concerned);
  }

  close(): void {
    clearTimeout(this.#holdTimer);
  }
}

const UNKNOWN = 'unknown';

function signOf({ kind, audience, state }: Pick<Reading, 'kind' | 'audience' | 'state'>): string {
  // A number that does not fit is a matter of its scope, not of the declaration.
  return kind === undefined
    ? UNKNOWN
    : `${kind} ${audience} ${state === 'overflow' ? 'ready' : state}`;
}
