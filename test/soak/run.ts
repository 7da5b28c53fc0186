import { boxNumbers, soundOf } from '../helpers/boxes.js';
import { faultsOf, keptOf } from '../helpers/sound.js';
import { until } from '../helpers/wait.js';
import { nextMisfortune } from './misfortunes.js';
import { seeded } from './random.js';
import { type Cluster, heal, type Stage, setUp, tearDown, type Watcher } from './stage.js';

/** One seeded run: a random sequence of misfortunes, then quiet, then the oracle. */

export type RunFigures = {
  readonly seed: number;
  readonly misfortunes: readonly string[];
  readonly moves: number;
  readonly syncs: number;
  /** Streams that did not end on the values in the table, in words. */
  readonly stale: readonly string[];
  readonly backwards: readonly string[];
  readonly halves: readonly string[];
  readonly other: readonly string[];
  /** From the end of the last misfortune until every stream was right. */
  readonly settledMs: number;
};

const RIGHT_WITHIN_MS = 20_000;

/** A session that was lost without a word is ended after 5 s of silence. */
const LEAKED_MS = 30_000;

export type RunOptions = {
  readonly url: string;
  readonly seed: number;
  readonly cluster?: Cluster | undefined;
};

export async function runFaults({ url, seed, cluster }: RunOptions): Promise<RunFigures> {
  const random = seeded(seed);
  const stage = await setUp(url, random, cluster);
  const misfortunes: string[] = [];
  try {
    const count = random.between(3, 7);
    for (let number = 0; number < count; number += 1) {
      const misfortune = nextMisfortune(stage);
      misfortunes.push(misfortune.name);
      await misfortune.befall(stage);
      if (random.chance(0.5)) await stage.movers.go(random.between(1, 20));
    }
    await heal(stage);
    const healed = performance.now();
    const stale = await staleOf(stage);
    const settledMs = performance.now() - healed;
    const leaked = await leakedSessions(stage);
    return figuresOf(stage, { seed, misfortunes, stale, leaked, settledMs });
  } finally {
    await tearDown(stage);
  }
}

/** Waits for the streams to be right, and says of which it was in vain. */
async function staleOf({ sql, clients }: Stage): Promise<string[]> {
  const truth = await until(() => boxNumbers(sql), { what: 'the table' });
  const lacks = ({ recorder, topics }: Watcher) => {
    const wrong = topics.filter((topic) => recorder.last(topic) !== (truth.get(topic) ?? '0'));
    if (wrong.length > 0) {
      return wrong.map((topic) => `${topic} is ${recorder.last(topic)}, not ${truth.get(topic)}`);
    }
    if (recorder.frames.at(-1)?.event !== 'sync') return ['it ends without sync'];
    const kept = keptOf(recorder.frames);
    return topics
      .filter((topic) => kept.get(topic) !== (truth.get(topic) ?? '0'))
      .map((topic) => `${topic} would be ${kept.get(topic)} to who keeps the highest version`);
  };
  const results = await Promise.all(
    clients.map((client) =>
      client.recorder
        .when(() => lacks(client).length === 0, { deadlineMs: RIGHT_WITHIN_MS })
        .then(() => [])
        .catch(() => lacks(client)),
    ),
  );
  return results.flatMap((wrong, client) =>
    wrong.length === 0 ? [] : `client ${client}: ${wrong.join(', ')}`,
  );
}

/** Sessions that nobody owns any more stay for as long as the server does. */
async function leakedSessions({ sql, servers }: Stage): Promise<string[]> {
  const kinds = ['pgtally-listener', 'pgtally-pulse'];
  const count = async () => {
    const rows = await sql<{ kind: string; sessions: number }>(
      `select application_name as kind, count(*)::int as sessions from pg_stat_activity
       where datname = current_database() and application_name = any ($1) group by 1`,
      [kinds],
    );
    return rows.filter(({ sessions }) => sessions > servers.length);
  };
  return await until(async () => (await count()).length === 0 && [], {
    deadlineMs: LEAKED_MS,
  }).catch(async () =>
    (await count()).map(
      ({ kind, sessions }) => `${sessions} sessions of ${kind} for ${servers.length} servers`,
    ),
  );
}

type Known = Pick<RunFigures, 'seed' | 'misfortunes' | 'stale' | 'settledMs'> & {
  readonly leaked: readonly string[];
};

function figuresOf({ clients, movers }: Stage, { leaked, ...known }: Known): RunFigures {
  const found = clients.map(({ recorder, topics }) => faultsOf(recorder.frames, soundOf(topics)));
  return {
    ...known,
    moves: movers.moves(),
    syncs: clients.reduce((sum, { recorder }) => sum + recorder.count('sync'), 0),
    backwards: found.flatMap(({ backwards }) => backwards),
    halves: found.flatMap(({ halves }) => halves),
    other: [
      ...leaked,
      ...found.flatMap(({ other }) => other),
      ...clients.flatMap(({ recorder }) => recorder.faults),
      ...clients.flatMap(({ refusals }) =>
        refusals
          .filter((status) => status !== 503)
          .map((status) => `a stream was answered ${status}`),
      ),
    ],
  };
}
