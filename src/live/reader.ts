import { type Batch, gatherer, TOPICS_PER_QUERY_MAX } from './batch.js';
import { BUILT, type BuilderOptions, createBuilder, type Outcome } from './documents.js';
import {
  AGES,
  type AgesRow,
  CHANGES,
  type ChangeRow,
  changesOf,
  DEFINITIONS,
  type DefinitionRow,
  READ,
  type ReadRow,
  snapshotOf,
} from './queries.js';
import {
  type Asked,
  type Changes,
  type Definition,
  type Due,
  type Found,
  type Look,
  NO_HISTORY,
  type Reading,
  type Snapshot,
  type State,
} from './reading.js';
import { unavailable } from './refusal.js';
import { type Topic, topicText } from './topic.js';

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

export type DocumentAges = {
  readonly summary: string;
  readonly documents: number;
  readonly newestSeconds: number | null;
  readonly medianSeconds: number | null;
  readonly oldestSeconds: number | null;
};

export type NumberReading = { readonly history: string; readonly reading: Reading };

/** What a reading that many streams ask for at once does not do as a single one does. */
export type Patience = {
  /** How long builds are waited for; else until they end. What is not built by then is filling. */
  buildMs?: number;
  /** Looks when there is room for it. Builds are waited for outside. */
  inTurn?: (look: () => Promise<Look>) => Promise<Look>;
};

export type Reader = {
  /** Documents that are due are built first, but only those that the asker may read. */
  read(
    topics: readonly Topic[],
    mayRead?: (reading: Asked) => boolean,
    patience?: Patience,
  ): Promise<Snapshot>;
  /** What `read` says of one counter; there is none of a summary's name. */
  number(topic: Topic): Promise<NumberReading>;
  changes(topics: readonly Topic[], since: number): Promise<Changes>;
  definitions(names: readonly string[]): Promise<Definition[]>;
  /** How old the documents of each summary are. */
  ages(): Promise<DocumentAges[]>;
  stats(): ReaderStats;
};

export type ReaderOptions = BuilderOptions;

/** Reads that are asked for in one turn of the event loop share one query, and no later one. */
export function createReader(options: ReaderOptions): Reader {
  const { pool, observe } = options;
  const counts = {
    ...{ reads: 0, topics: 0, queries: 0, failed: 0 },
    ...{ documentsFresh: 0, documentsBuilt: 0 },
  };
  const builder = createBuilder(options);
  const orUnavailable = async <T>(answer: Promise<T>): Promise<T> => {
    return await answer.catch((error: unknown) => {
      throw unavailable(error, observe);
    });
  };
  const gathered = gatherer(async ({ topics, names, scopes }: Batch<Look>) => {
    counts.queries += 1;
    const started = performance.now();
    try {
      const rows = await pool.rows<ReadRow>(READ, [names, scopes]);
      observe({ kind: 'read', topics: topics.length, ms: performance.now() - started });
      return snapshotOf(topics, rows);
    } catch (error) {
      counts.failed += 1;
      throw unavailable(error, observe);
    }
  });
  const look = async (topics: readonly Topic[]): Promise<Look> => {
    const { answer, places } = await gathered.all(topics);
    return { ...answer, readings: places.flatMap((place) => answer.readings[place] ?? []) };
  };

  return {
    read: async (topics, mayRead = () => true, patience = {}) => {
      const { buildMs, inTurn = (ask) => ask() } = patience;
      counts.reads += 1;
      counts.topics += topics.length;
      const first = await inTurn(() => look(topics));
      const due = first.readings.filter((one) => isDue(one) && mayRead(one));
      counts.documentsFresh += first.readings.filter(isFresh).length;
      if (due.length === 0) return shown(first, new Map());
      const wanted = due.map(({ topic }) => topic);
      const outcomes = await builder.build(wanted, buildMs);
      counts.documentsBuilt += [...outcomes.values()].filter((one) => BUILT.has(one)).length;
      return shown(await inTurn(() => look(topics)), outcomes);
    },
    number: (topic) => {
      counts.reads += 1;
      counts.topics += 1;
      const { answer, place } = gathered.one(topic);
      return answer.then(({ history, readings }) => {
        const found = readings[place];
        // The same object for all who asked: what is made of it is made once.
        const reading = found !== undefined && isNoDocument(found) ? found : noneOf(topic);
        return { history, reading };
      });
    },
    changes: async (topics, since) => {
      const parts: Changes[] = [];
      for (const some of slices(topics, TOPICS_PER_QUERY_MAX)) {
        const names = some.map(({ name }) => name);
        const scopes = some.map(({ scope }) => scope);
        const rows = pool.rows<ChangeRow>(CHANGES, [names, scopes, since]);
        parts.push(changesOf(some, await orUnavailable(rows)));
      }
      return joined(parts);
    },
    definitions: async (names) => {
      const rows = await orUnavailable(pool.rows<DefinitionRow>(DEFINITIONS, [names]));
      return rows.map(([name, kind, audience, state]) => ({ name, kind, audience, state }));
    },
    ages: async () => {
      const rows = await orUnavailable(pool.rows<AgesRow>(AGES, []));
      return rows.map(([summary, documents, newestSeconds, medianSeconds, oldestSeconds]) => {
        return { summary, documents, newestSeconds, medianSeconds, oldestSeconds };
      });
    },
    stats: () => ({ ...counts }),
  };
}

/** At least one, so that an answer says the pulse in any case. */
function slices<T>(all: readonly T[], size: number): T[][] {
  const count = Math.max(Math.ceil(all.length / size), 1);
  return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/**
 * As of the earliest of them. What a later one says that had not happened by then would be half of a
 * transaction: it has to be read by itself.
 */
function joined(parts: readonly Changes[]): Changes {
  const pulse = Math.min(...parts.map((part) => part.pulse));
  const all = parts.flatMap(({ changes }) => changes);
  const later = all.flatMap(({ topic, version }) => (version > pulse ? topic : []));
  const histories = new Set(parts.map(({ history }) => history));
  return {
    history: histories.size === 1 ? [...histories].join() : NO_HISTORY,
    pulse,
    changes: all.filter(({ version }) => version <= pulse),
    hidden: [...parts.flatMap(({ hidden }) => hidden), ...later],
  };
}

function isDue(found: Found): found is Due {
  return found.state === 'due';
}

function isNoDocument(found: Found): found is Reading {
  return found.kind !== 'summary' && !isDue(found);
}

function noneOf(topic: Topic): Reading {
  const none = { kind: undefined, audience: '', json: 'null', version: 0, settled: true };
  return { topic, state: 'unknown', ...none };
}

function isFresh({ kind, state }: Found): boolean {
  return kind === 'summary' && state === 'ready';
}

/** What is due even now is shown as far as it can be: the builds were waited for, once and so long. */
function shown({ readings, ...rest }: Look, outcomes: ReadonlyMap<string, Outcome>): Snapshot {
  return {
    ...rest,
    // The same object for all who asked, where nothing is to be said otherwise.
    readings: readings.map((reading) =>
      isDue(reading) ? { ...reading, state: stateOf(reading, outcomes) } : reading,
    ),
  };
}

function stateOf({ topic, json }: Found, outcomes: ReadonlyMap<string, Outcome>): State {
  const outcome = outcomes.get(topicText(topic));
  if (outcome === 'failed') return 'broken';
  return json !== 'null' || outcome === 'none' ? 'ready' : 'filling';
}
