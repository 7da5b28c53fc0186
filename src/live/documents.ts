import type { Observe } from '../observation.js';
import type { Pool, Statement } from '../pool.js';
import { unavailable } from './refusal.js';
import { type Topic, topicText } from './topic.js';

/** So many builds run at once for readers; the pool's other sessions stay free for reading. */
const BUILDS_AT_ONCE_MAX = 4;

const BUILD: Statement = {
  name: 'tally-build',
  text: 'select tally.build_topic($1, $2)',
};

/**
 * none: the builder says there is no such document. last: somebody else builds it, the last one
 * stands meanwhile. canceled: it takes too long for a reader, and is built by the work.
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

/** Outcomes by the topic's text. */
export type Builder = { build(topics: readonly Topic[]): Promise<Map<string, Outcome>> };

export type BuilderOptions = { pool: Pool; observe: Observe };

/** Builds documents that somebody wants to read and that are not there: each once at a time. */
export function createBuilder({ pool, observe }: BuilderOptions): Builder {
  const running = new Map<string, Promise<Outcome>>();
  const waiting: (() => void)[] = [];
  let builds = 0;

  const build = async ({ name, scope }: Topic): Promise<Outcome> => {
    if (builds >= BUILDS_AT_ONCE_MAX) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    builds += 1;
    const started = performance.now();
    try {
      const [row] = await pool.rows<[Outcome]>(BUILD, [name, scope]);
      const outcome = row?.[0] ?? 'unknown';
      observe({ kind: 'build', outcome, ms: performance.now() - started });
      return outcome;
    } catch (error) {
      throw unavailable(error, observe);
    } finally {
      builds -= 1;
      waiting.shift()?.();
    }
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
    build: async (topics) => {
      const outcomes = await Promise.all(topics.map(buildOnce));
      return new Map(topics.map((topic, at) => [topicText(topic), outcomes[at] ?? 'unknown']));
    },
  };
}
