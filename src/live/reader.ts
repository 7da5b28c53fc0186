import type { Observe } from '../observation.js';
import type { Pool, Statement } from '../pool.js';
import { Batch } from './batch.js';
import { BUILT, createBuilder, type Outcome } from './documents.js';
import { DatabaseUnavailable } from './refusal.js';
import { type Topic, topicText } from './topic.js';

export type Kind = 'counter' | 'summary';
export type State = 'ready' | 'filling' | 'broken' | 'overflow' | 'unknown';

export type Reading = {
  readonly topic: Topic;
  readonly kind: Kind | undefined;
  readonly audience: string;
  readonly state: State;
  /** The value as it goes to the client, never parsed: a bigint may not fit a number. */
  readonly json: string;
  readonly version: number;
  /** False while changes of it are not folded: then its version is older than its value. */
  readonly settled: boolean;
};

/** All readings are of one instant: after that pulse, before the next. */
export type Snapshot = {
  /** Which database, and which of its lives; the first part of an event's id. */
  readonly history: string;
  readonly pulse: number;
  /** In the order asked for. */
  readonly readings: readonly Reading[];
};

export type Change = { readonly topic: Topic; readonly json: string; readonly version: number };

/** What the pulses after `since` changed, as they left it. */
export type Changes = {
  history: string;
  pulse: number;
  changes: Change[];
  /** These changed too, to a number that cannot be shown. */
  hidden: Topic[];
};

export type Definition = { name: string; kind: Kind; audience: string; state: State };

export type ReaderStats = {
  reads: number;
  topics: number;
  queries: number;
  failed: number;
  /** Documents that stood ready when they were asked for. */
  documentsFresh: number;
  /** Documents that were built because somebody asked. */
  documentsBuilt: number;
};

/** A document that is not there, or is too old, is due: it is built before it is shown. */
type Found = Omit<Reading, 'state'> & { readonly state: State | 'due' };
type Look = Omit<Snapshot, 'readings'> & { readonly readings: readonly Found[] };

export type Asked = Pick<Reading, 'topic' | 'audience'>;

/**
 * After a crash or a failover, before the first pulse: values are right, but a version may be older
 * than one that a stream has shown. Streams wait; it is a matter of milliseconds.
 */
export const NO_HISTORY = '';

export type Reader = {
  /** Documents that are due are built first, but only those that the asker may read. */
  read(topics: readonly Topic[], mayRead?: (reading: Asked) => boolean): Promise<Snapshot>;
  changes(topics: readonly Topic[], since: number): Promise<Changes>;
  definitions(names: readonly string[]): Promise<Definition[]>;
  stats(): ReaderStats;
};

/**
 * While a query runs, reads gather for the next, so that a thousand share one: a query costs more
 * than all that is done for a read besides. But a slow one holds nobody up for longer than this.
 */
const GATHER_MS_MAX = 5;
const QUERIES_AT_ONCE_MAX = 4;
const TOPICS_PER_QUERY_MAX = 10_000;

/** Clients wait for these: rather asked again than waited for on a connection that is gone. */
const ANSWER_MS = 8000;

const READ: Statement = {
  name: 'tally-read',
  text: `select r.kind, r.audience, r.state, r.json, r.version, r.settled, r.pulse, h.history
from tally.read_topics($1, $2) r, tally.history() h(history) order by r.pos`,
  answerMs: ANSWER_MS,
};
const CHANGES: Statement = {
  name: 'tally-changes',
  text: `select c.pos, c.json, c.version, c.pulse, h.history
from tally.changed_topics($1, $2, $3) c, tally.history() h(history) order by c.pos`,
  answerMs: ANSWER_MS,
};
const DEFINITIONS: Statement = {
  name: 'tally-definitions',
  text: 'select name, kind, audience, state from tally.topic_definitions($1)',
  answerMs: ANSWER_MS,
};

type ReadRow = [
  kind: Kind | null,
  audience: string,
  state: State | 'due',
  json: string | null,
  version: string,
  settled: boolean,
  pulse: string,
  history: string | null,
];
type ChangeRow = [
  pos: number,
  json: string | null,
  version: string,
  pulse: string,
  history: string | null,
];

type DefinitionRow = [name: string, kind: Kind, audience: string, state: State];

export type ReaderOptions = { pool: Pool; observe: Observe };

/** Reads that are asked for in one turn of the event loop share one query, and no later one. */
export function createReader({ pool, observe }: ReaderOptions): Reader {
  const counts = {
    ...{ reads: 0, topics: 0, queries: 0, failed: 0 },
    ...{ documentsFresh: 0, documentsBuilt: 0 },
  };
  const builder = createBuilder({ pool, observe });
  let batch = new Batch<Look>();
  let isScheduled = false;
  let gathering: NodeJS.Timeout | undefined;
  let running = 0;

  const send = async () => {
    isScheduled = false;
    clearTimeout(gathering);
    gathering = undefined;
    if (running >= QUERIES_AT_ONCE_MAX || batch.isEmpty) return;
    const full = batch;
    batch = new Batch<Look>();
    running += 1;
    counts.queries += 1;
    const started = performance.now();
    try {
      const rows = await pool.rows<ReadRow>(READ, [full.names, full.scopes]);
      observe({ kind: 'read', topics: full.topics.length, ms: performance.now() - started });
      full.resolve(snapshotOf(full.topics, rows));
    } catch (error) {
      counts.failed += 1;
      full.reject(unavailable(error, observe));
    } finally {
      running -= 1;
      if (!batch.isEmpty) sendSoon();
    }
  };
  const sendSoon = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => void send());
  };
  const schedule = () => {
    if (running === 0) sendSoon();
    else gathering ??= setTimeout(() => void send(), GATHER_MS_MAX);
  };

  const look = async (topics: readonly Topic[]): Promise<Look> => {
    if (batch.topics.length + topics.length > TOPICS_PER_QUERY_MAX && !batch.isEmpty) {
      await batch.answer.catch(() => undefined);
    }
    const mine = batch;
    const places = topics.map((topic) => mine.add(topic));
    schedule();
    const { history, pulse, readings } = await mine.answer;
    return { history, pulse, readings: places.flatMap((place) => readings[place] ?? []) };
  };

  return {
    read: async (topics, mayRead = () => true) => {
      counts.reads += 1;
      counts.topics += topics.length;
      const first = await look(topics);
      const due = first.readings.filter((one) => one.state === 'due' && mayRead(one));
      counts.documentsFresh += first.readings.filter(isFresh).length;
      if (due.length === 0) return shown(first, new Map());
      const outcomes = await builder
        .build(due.map(({ topic }) => topic))
        .catch((error: unknown) => {
          throw unavailable(error, observe);
        });
      counts.documentsBuilt += [...outcomes.values()].filter((one) => BUILT.has(one)).length;
      return shown(await look(topics), outcomes);
    },
    changes: async (topics, since) => {
      const names = topics.map(({ name }) => name);
      const scopes = topics.map(({ scope }) => scope);
      try {
        return changesOf(topics, await pool.rows<ChangeRow>(CHANGES, [names, scopes, since]));
      } catch (error) {
        throw unavailable(error, observe);
      }
    },
    definitions: async (names) => {
      try {
        const rows = await pool.rows<DefinitionRow>(DEFINITIONS, [names]);
        return rows.map(([name, kind, audience, state]) => ({ name, kind, audience, state }));
      } catch (error) {
        throw unavailable(error, observe);
      }
    },
    stats: () => ({ ...counts }),
  };
}

function isFresh({ kind, state }: Found): boolean {
  return kind === 'summary' && state === 'ready';
}

/** What is due even now is shown as far as it can be: the builds were waited for, once. */
function shown({ readings, ...rest }: Look, outcomes: ReadonlyMap<string, Outcome>): Snapshot {
  return {
    ...rest,
    readings: readings.map((reading) => ({
      ...reading,
      state: reading.state === 'due' ? stateOf(reading, outcomes) : reading.state,
    })),
  };
}

function stateOf({ topic, json }: Found, outcomes: ReadonlyMap<string, Outcome>): State {
  const outcome = outcomes.get(topicText(topic));
  if (outcome === 'failed') return 'broken';
  return json !== 'null' || outcome === 'none' ? 'ready' : 'filling';
}

function snapshotOf(topics: readonly Topic[], rows: readonly ReadRow[]): Look {
  const [first] = rows;
  if (first === undefined || rows.length !== topics.length) {
    throw new Error(`${topics.length} topics were asked for, ${rows.length} answered`);
  }
  const readings = rows.map(([kind, audience, state, json, version, settled], at): Found => {
    const topic = topics[at];
    if (topic === undefined) throw new Error('an answer without a question');
    return {
      topic,
      kind: kind ?? undefined,
      audience,
      state,
      json: json ?? 'null',
      version: Number(version),
      settled,
    };
  });
  return { history: first[7] ?? NO_HISTORY, pulse: Number(first[6]), readings };
}

function changesOf(topics: readonly Topic[], rows: readonly ChangeRow[]): Changes {
  const [first] = rows;
  if (first === undefined) throw new Error('no answer, not even the pulse');
  const changes: Change[] = [];
  const hidden: Topic[] = [];
  for (const [pos, json, version] of rows) {
    const topic = topics[pos - 1];
    if (topic === undefined) continue;
    if (json === null) hidden.push(topic);
    else changes.push({ topic, json, version: Number(version) });
  }
  return { history: first[4] ?? NO_HISTORY, pulse: Number(first[3]), changes, hidden };
}

function unavailable(cause: unknown, observe: Observe): DatabaseUnavailable {
  const error = new DatabaseUnavailable(cause);
  observe({ kind: 'read-failed', message: error.message });
  return error;
}
