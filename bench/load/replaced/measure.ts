import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { FromWatchers, ToWatchers } from '../client/watchers.js';
import type { Applications } from '../lib/applications.js';
import { now } from '../lib/clock.js';
import { cpuSeconds, postmasterOf } from '../lib/usage.js';
import { startWorker, type Worker } from '../lib/worker.js';
import type { Load } from '../question.js';
import type { Manner, Running } from './manner.js';
import { type Change, type Stale, staleOf, wantedOf } from './stale.js';

const CLIENT = fileURLToPath(new URL('../client/watchers.ts', import.meta.url));
const CHANGES_PER_SECOND = 5;
/** A session that falls idle tells what it did after ten seconds, at the latest. */
const STATISTICS_MS = 11_000;
const LOOK_MS = 200;

type Client = Worker<ToWatchers, FromWatchers>;

export type Cost = {
  readonly manner: Manner;
  /** All of these for each second; processor time in seconds. */
  readonly requests: number;
  readonly queries: number;
  readonly server: number;
  readonly postgres: number;
  readonly changes: number;
  readonly requestsAtStart: number;
  readonly seconds: number;
  readonly stale: Stale;
};

export async function measureManner(
  manner: Manner,
  applications: Applications,
  { scale, log }: Load,
): Promise<Cost> {
  const client: Client = startWorker('load client', CLIENT);
  const started = client.next('started');
  const running = await manner.start(applications);
  try {
    await started;
    const ready = client.next('ready', 120_000);
    client.tell({ ...{ kind: 'watch', port: running.port }, ...watchedOf(running) });
    const { requests: requestsAtStart } = await ready;
    if (!scale.quick) await pause(STATISTICS_MS);
    const { seconds, rest, patience } = timesOf(manner, scale);
    const count = async () => await counted(running, client, applications);
    const before = await count();
    const changes = await makeChanges(running, seconds, rest);
    const after = await count();
    const took = (after.at - before.at) / 1000;
    await untilSeen(client, changes, patience);
    const reported = client.next('report');
    client.tell({ kind: 'report' });
    const stale = staleOf(changes, (await reported).arrivals);
    if (manner.isOurs && stale.unseen > 0) {
      throw new Error(`${manner.name}: ${stale.unseen} of ${stale.pairs} changes were not seen`);
    }
    const per = (key: keyof Counted) => (after[key] - before[key]) / took;
    const cost: Cost = {
      ...{ manner, requestsAtStart, stale, seconds: took, changes: changes.length / took },
      ...{ requests: per('requests'), queries: per('queries') },
      ...{ server: per('server'), postgres: per('postgres') },
    };
    log(
      `${manner.name}: ${cost.requests.toFixed(1)} requests/s, ${cost.queries.toFixed(1)} queries/s`,
    );
    return cost;
  } finally {
    await client.stop();
    await running.stop();
  }
}

/** In a second nobody who polls sees anything: quick only shows that all of it runs. */
function timesOf(manner: Manner, { quick }: Load['scale']) {
  const { seconds, restSeconds = 0, patienceSeconds } = manner;
  if (!quick) return { seconds, rest: restSeconds, patience: patienceSeconds };
  return { seconds: 1, rest: 0, patience: manner.isOurs ? patienceSeconds : 0 };
}

function watchedOf({ patterns, watchers }: Running) {
  return { patterns, watchers };
}

type Counted = {
  readonly at: number;
  readonly requests: number;
  readonly queries: number;
  readonly server: number;
  readonly postgres: number;
};

async function counted(
  { pid }: Running,
  client: Client,
  { database }: Applications,
): Promise<Counted> {
  const [row] = await database.sql<{ count: string }>(
    `select xact_commit + xact_rollback as count from pg_stat_database
     where datname = current_database()`,
  );
  const looked = client.next('looked');
  client.tell({ kind: 'look' });
  const { requests } = await looked;
  const postmaster = await postmasterOf(database);
  const at = now();
  const spent = { server: cpuSeconds(pid), postgres: cpuSeconds(postmaster) };
  return { at, requests, queries: Number(row?.count), ...spent };
}

/** One after the other, each at its time. */
async function makeChanges(
  running: Running,
  seconds: number,
  restSeconds: number,
): Promise<Change[]> {
  const changes: Change[] = [];
  const start = now();
  for (let nth = 0; nth < (seconds - restSeconds) * CHANGES_PER_SECOND; nth += 1) {
    const due = start + (nth * 1000) / CHANGES_PER_SECOND;
    if (due > now()) await pause(due - now());
    const at = now();
    changes.push({ at, ...(await running.change(nth)) });
  }
  await pause(Math.max(start + seconds * 1000 - now(), 0));
  return changes;
}

async function untilSeen(
  client: Client,
  changes: readonly Change[],
  patienceSeconds: number,
): Promise<void> {
  const deadline = now() + patienceSeconds * 1000;
  for (;;) {
    const looked = client.next('looked');
    client.tell({ kind: 'look' });
    const { values, firsts } = await looked;
    if (
      wantedOf(changes, firsts).every(({ watcher, pattern, value }) => {
        return (values[watcher]?.[pattern] ?? Number.NEGATIVE_INFINITY) >= value;
      })
    )
      return;
    if (now() > deadline) return;
    await pause(LOOK_MS);
  }
}
