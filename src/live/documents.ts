import { codeOf } from '../errors.js';
import type { Observe } from '../observation.js';
import type { Pool, Statement } from '../pool.js';
import { CANCELED } from '../sql-error.js';
import { Places } from './places.js';
import { unavailable } from './refusal.js';
import { type Topic, topicText } from './topic.js';
import { within } from './within.js';

/** So many builds run at once for readers; the pool's other sessions stay free for reading. */
const BUILDS_AT_ONCE_MAX = 4;

/** A build that has no turn by then is not begun: the document is not there yet, as any slow one. */
const TURN_MS = 5000;

const BUILD: Statement = {
  name: 'tally-build',
  text: `select tally.build_topic($1, $2),
  pg_catalog.current_setting('transaction_read_only') = 'on' as is_read_only`,
};

/**
 * none: the builder says there is no such document. last: somebody else builds it, the last one
 * stands meanwhile. canceled: it takes too long for a reader, and is built by the work or by who has
 * begun it; or too many others are built before it.
 */
export type Outcome =
  | 'changed'
  | 'equal'
  | 'gone'
  | 'none'
  | 'fresh'
  | 'last'
  | 'failed'
  | 'canceled'
  | 'not kept'
  | 'unknown';

export const BUILT: ReadonlySet<Outcome> = new Set(['changed', 'equal', 'gone', 'none']);

export type Builder = {
  /**
   * Outcomes by the topic's text: those that there are within that time. A build goes on, whether
   * or not somebody waits for it.
   */
  build(topics: readonly Topic[], waitMs?: number): Promise<Map<string, Outcome>>;
};

export type BuilderOptions = {
  pool: Pool;
  observe: Observe;
  /** How long a build waits for those before it. */
  turnMs?: number;
  /** A document was built on a session that may only read. */
  onReadOnly?: () => void;
};

/** Builds documents that somebody wants to read and that are not there: each once at a time. */
export function createBuilder(options: BuilderOptions): Builder {
  const { pool, observe, turnMs = TURN_MS, onReadOnly } = options;
  const running = new Map<string, Promise<Outcome>>();
  const places = new Places(BUILDS_AT_ONCE_MAX);

  const ask = async ({ name, scope }: Topic): Promise<Outcome> => {
    if (!(await places.take(turnMs))) return 'canceled';
    try {
      const [row] = await pool.rows<[outcome: Outcome, isReadOnly: boolean]>(BUILD, [name, scope]);
      const [outcome = 'unknown', isReadOnly = false] = row ?? [];
      if (outcome === 'not kept' && isReadOnly) onReadOnly?.();
      return outcome;
    } catch (error) {
      // While it waited for another one's build: its own would be an outcome.
      if (codeOf(error) === CANCELED) return 'canceled';
      throw unavailable(error, observe);
    } finally {
      places.leave();
    }
  };
  const build = async (topic: Topic): Promise<Outcome> => {
    const started = performance.now();
    const outcome = await ask(topic);
    observe({ kind: 'build', outcome, ms: performance.now() - started });
    return outcome;
  };

  const buildOnce = (topic: Topic): Promise<Outcome> => {
    const key = topicText(topic);
    const known = running.get(key);
    if (known !== undefined) return known;
    const begun = build(topic).finally(() => running.delete(key));
    running.set(key, begun);
    return begun;
  };

  return {
    build: async (topics, waitMs) => {
      const outcomes = new Map<string, Outcome>();
      const builds = Promise.all(
        topics.map(async (topic) => {
          outcomes.set(topicText(topic), await buildOnce(topic));
        }),
      );
      if (waitMs === undefined) await builds;
      else await within(waitMs, builds);
      return new Map(outcomes);
    },
  };
}
