import { fileURLToPath } from 'node:url';
import { chance, makeTraffic } from '../../../src/demo/traffic.js';
import { checkExact, untilFolded } from '../../lib/database.js';
import {
  atLeast,
  atMost,
  type Figures,
  type Goal,
  milliseconds,
  share,
  whole,
} from '../../lib/figures.js';
import type { FromVisits, Visits } from '../client/visits.js';
import { type OurServer, startApplications, withApplications } from '../lib/applications.js';
import { quantile } from '../lib/quantile.js';
import { cpuSeconds, postmasterOf } from '../lib/usage.js';
import { startWorker, type Worker } from '../lib/worker.js';
import { type Plan, planVisits } from '../pages/pages.js';
import type { Question } from '../question.js';

const CLIENT = fileURLToPath(new URL('../client/visits.ts', import.meta.url));
const EVERY_MS = 1000;
/** Seconds that are not measured: code is compiled and caches are warm by then. */
const WARM_UP = 15;
const WARM_UP_QUICK = 2;
const WRITES_PER_SECOND = 20;
const DASHBOARDS = 'facility dashboards';
/** By a client of their own, when nobody opens anything else. */
const ALONE = `${DASHBOARDS}, and nothing else`;
const GOALS_MS: Readonly<Record<string, number>> = { bootstrap: 25, [DASHBOARDS]: 5, [ALONE]: 5 };
const OTHERS_MS = 10;

type Client = Worker<Visits, FromVisits>;
type Visited = Extract<FromVisits, { kind: 'visited' }>;
type Spent = { readonly server: number; readonly postgres: number; readonly client: number };

type Measured = {
  readonly visited: Visited;
  /** Seconds of processor time for each second. */
  readonly spent: Spent;
  readonly writesPerSecond: number;
};

export const appPages: Question = {
  name: 'load-app-pages',
  asks: 'How long does a page of the applications take, for a thousand users at once?',
  rounds: 1,
  answer: async (load) =>
    await withApplications(load, async (applications) => {
      const { database } = applications;
      const warmUp = load.scale.quick ? WARM_UP_QUICK : WARM_UP;
      const times = load.scale.appSeconds;
      const some = chance(Math.random);
      const plan = await planVisits(applications, { warmUp, times }, some);
      const alone = await planVisits(applications, { warmUp, times, only: DASHBOARDS }, some);
      const postmaster = await postmasterOf(database);
      const server = await startApplications(applications);
      load.log(`${plan.visitors.length} users, ${warmUp + times} pages each`);
      const measured = await visit({ plan, warmUp, server, postmaster });
      load.log(`the same, of ${DASHBOARDS} only`);
      const measuredAlone = await visit({ plan: alone, warmUp, server, postmaster });
      await server.child.stop();
      await database.sql('call tally.tick()');
      await untilFolded(database);
      await checkExact(database);
      return figuresOf(plan, measured, measuredAlone);
    }),
};

type Run = {
  readonly plan: Plan;
  readonly warmUp: number;
  readonly server: OurServer;
  readonly postmaster: number;
};

async function visit({ plan, warmUp, server, postmaster }: Run): Promise<Measured> {
  const { visitors, groups } = plan;
  const client: Client = startWorker('load client', CLIENT);
  await client.next('started');
  const measuring = client.next('measuring');
  const visited = client.next('visited', 600_000);
  visited.catch(() => undefined);
  const writing = startWrites(server);
  client.tell({
    ...{ kind: 'visit', port: server.port, visitors, everyMs: EVERY_MS },
    ...{ warmUp, groups: groups.length },
  });
  await measuring;
  const pids = { server: server.child.pid, postgres: postmaster, client: client.pid };
  const before = spentBy(pids);
  const writesBefore = writing.count();
  const result = await visited;
  const after = spentBy(pids);
  const writes = writing.count() - writesBefore;
  await Promise.all([writing.stop(), client.stop()]);
  const per = (key: keyof Spent) => (after[key] - before[key]) / result.seconds;
  return {
    visited: result,
    spent: { server: per('server'), postgres: per('postgres'), client: per('client') },
    writesPerSecond: writes / result.seconds,
  };
}

function spentBy(pids: Readonly<Record<keyof Spent, number>>): Spent {
  return {
    server: cpuSeconds(pids.server),
    postgres: cpuSeconds(pids.postgres),
    client: cpuSeconds(pids.client),
  };
}

/** The demo's traffic, faster. A write that the server cannot do fails the run. */
function startWrites(server: OurServer) {
  const stopping = new AbortController();
  let writes = 0;
  let failure: string | undefined;
  const client = server.client(({ method, path, status }) => {
    if (status >= 500) failure ??= `${method} ${path}: ${status}`;
    if (method !== 'GET') writes += 1;
  });
  const say = (line: string) => {
    if (line.startsWith('the server does not answer')) failure ??= line;
  };
  const pauseMs = 1000 / WRITES_PER_SECOND;
  const made = makeTraffic({ client, signal: stopping.signal, say, pauseMs });
  return {
    count: () => writes,
    stop: async () => {
      stopping.abort();
      await made;
      if (failure !== undefined) throw new Error(failure);
    },
  };
}

type Group = { readonly group: string; readonly times: readonly number[] };

function figuresOf(
  plan: Plan,
  { visited, spent, writesPerSecond }: Measured,
  { visited: alone }: Measured,
): Figures {
  const all = visited.times.flat();
  const measured = plan.groups.flatMap((group, index) => {
    const times = visited.times[index] ?? [];
    return times.length === 0 ? [] : [{ group, times }];
  });
  const groups = [
    ...measured,
    { group: '**all of them**', times: all },
    { group: ALONE, times: alone.times.flat() },
  ];
  const perSecond = all.length / visited.seconds;
  return {
    header: ['pages', 'requests', 'p50', '**p95**', 'p99', 'longest'],
    rows: groups.map(rowOf),
    goals: [
      ...groups.map(goalOf),
      atLeast('requests/s, of one for each user', 0.99, perSecond / plan.visitors.length),
    ],
    notes: [
      `${plan.visitors.length} users: ${whole(perSecond)} requests/s, ` +
        `${whole(writesPerSecond)} writes/s meanwhile. Of a core: server ${percent(spent.server)}, ` +
        `PostgreSQL ${percent(spent.postgres)}, load client ${percent(spent.client)}, which was ` +
        `${milliseconds(quantile(visited.lateMs, 0.99))} late at p99. ` +
        `${percent(visited.notModified / all.length)} of the answers were 304.`,
    ],
  };
}

function rowOf({ group, times }: Group): string[] {
  const at = (of: number) => milliseconds(quantile(times, of));
  return [group, whole(times.length), at(0.5), `**${at(0.95)}**`, at(0.99), at(1)];
}

function goalOf({ group, times }: Group): Goal {
  return atMost(
    `${group.replaceAll('*', '')}: p95, ms`,
    GOALS_MS[group] ?? OTHERS_MS,
    quantile(times, 0.95),
  );
}

function percent(part: number): string {
  return `${share(part * 100)} %`;
}
