import { HubTopic } from './hub-topic.js';
import type { Definition, Reading } from './reading.js';
import type { Session } from './session.js';
import { type Topic, topicText } from './topic.js';

type Name = { definition: string | undefined; topics: Set<HubTopic> };

/** The topics that somebody waits for, each once, and how their names are declared. */
export class WatchedTopics {
  readonly #topics = new Map<string, HubTopic>();
  readonly #names = new Map<string, Name>();
  /** Names of which sessions were told one thing, and others another. */
  readonly #torn = new Set<string>();

  get size(): number {
    return this.#topics.size;
  }

  get names(): string[] {
    return [...this.#names.keys()];
  }

  get isTorn(): boolean {
    return this.#torn.size > 0;
  }

  [Symbol.iterator](): IterableIterator<HubTopic> {
    return this.#topics.values();
  }

  get(topic: Topic): HubTopic | undefined {
    return this.#topics.get(topicText(topic));
  }

  add(session: Session, topic: Topic): HubTopic {
    const known = this.get(topic) ?? this.#begin(topic);
    known.sessions.add(session);
    return known;
  }

  #begin(topic: Topic): HubTopic {
    const made = new HubTopic(topic);
    this.#topics.set(made.text, made);
    const name = this.#names.get(topic.name) ?? { definition: undefined, topics: new Set() };
    this.#names.set(topic.name, name);
    name.topics.add(made);
    return made;
  }

  remove(session: Session, topic: HubTopic): void {
    topic.sessions.delete(session);
    if (topic.sessions.size > 0) return;
    this.#topics.delete(topic.text);
    const name = this.#names.get(topic.topic.name);
    name?.topics.delete(topic);
    if (name?.topics.size !== 0) return;
    this.#names.delete(topic.topic.name);
    this.#torn.delete(topic.topic.name);
  }

  /** What a session has just read says how a topic is declared now. */
  learn(topic: HubTopic, { kind, audience, state }: Reading): void {
    if (kind !== undefined) topic.kind = kind;
    const name = this.#names.get(topic.topic.name);
    if (name === undefined) return;
    const sign = signOf({ kind, audience, state });
    name.definition ??= sign;
    // Each document is ready or not by itself; a counter is as its definition is.
    if (name.definition !== sign && kind === 'counter') this.#torn.add(topic.topic.name);
  }

  /** Compares the declarations with those known: topics that are declared otherwise now. */
  redefine(asked: readonly string[], definitions: readonly Definition[]): Topic[] {
    const now = new Map(definitions.map((one) => [one.name, signOf(one)]));
    return asked.flatMap((text) => {
      const name = this.#names.get(text);
      const definition = now.get(text) ?? UNKNOWN;
      const isTorn = this.#torn.delete(text);
      if (name === undefined || (name.definition === definition && !isTorn)) return [];
      const isNews = name.definition !== undefined;
      name.definition = definition;
      return isNews ? Array.from(name.topics, ({ topic }) => topic) : [];
    });
  }
}

const UNKNOWN = 'unknown';

function signOf({ kind, audience, state }: Pick<Reading, 'kind' | 'audience' | 'state'>): string {
  // A number that does not fit is a matter of its scope, not of the declaration.
  return kind === undefined
    ? UNKNOWN
    : `${kind} ${audience} ${state === 'overflow' ? 'ready' : state}`;
}
