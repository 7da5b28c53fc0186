import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import { type Movers, startMovers, WATCHED } from '../helpers/boxes.js';
import { type Comeback, comeBack } from '../helpers/comeback.js';
import type { Sql } from '../helpers/engine.js';
import { type LiveServer, startLiveServer } from '../helpers/live-server.js';
import { openProxy, type TcpProxy } from '../helpers/proxy.js';
import { type Random, seeded } from './random.js';

/** A PostgreSQL that one lane of runs has to itself, and may stop and kill. */
export type Cluster = {
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** Everything that a run of faults plays with. */
export type Stage = {
  readonly url: string;
  readonly random: Random;
  /** In front of PostgreSQL, for the servers; writers go straight to it. */
  readonly database: TcpProxy;
  readonly servers: Served[];
  readonly clients: Watcher[];
  readonly movers: Movers;
  /** Sessions in the middle of a transaction, to be ended before the oracle looks. */
  readonly open: Set<pg.Client>;
  readonly cluster: Cluster | undefined;
  readonly sql: Sql;
  startServer(place: number): Promise<void>;
};

export type Watcher = Comeback & { readonly topics: readonly string[] };

export type Served = { live: LiveServer | undefined; readonly front: TcpProxy };

const STREAMS = 5;
const START_MS = 20_000;

export async function setUp(
  url: string,
  random: Random,
  cluster: Cluster | undefined,
): Promise<Stage> {
  const database = await openProxy(url);
  const servers: Served[] = [];
  const settings = () => ({
    databaseUrl: database.through(url),
    idleMs: random.between(80, 300),
    tickMs: random.between(5, 25),
    sink: random.pick(['plain', 'koa-sse-stream'] as const),
    poolSize: random.between(2, 6),
  });
  const count = random.chance(0.4) ? 2 : 1;
  for (let place = 0; place < count; place += 1) {
    const live = await startLiveServer(settings());
    servers.push({ live, front: await openProxy(live.url) });
  }
  const [first, ...others] = servers.map(({ front }) => `http://127.0.0.1:${front.port}`);
  const bases: [string, ...string[]] = [first ?? '', ...others];
  // What goes on at the same time draws from its own numbers, or a seed would mean nothing.
  const [choice, moves] = [seeded(random.between(0, 1e9)), seeded(random.between(0, 1e9))];
  const clients = Array.from({ length: STREAMS }, (_, number): Watcher => {
    const topics = number === 0 ? WATCHED[0] : random.pick(WATCHED);
    // Any server may take up any stream.
    const client = comeBack(() => ({ base: choice.pick(bases), topics }));
    return Object.assign(client, { topics });
  });
  const stage: Stage = {
    url,
    random,
    database,
    servers,
    clients,
    movers: startMovers(url, {
      sessions: random.between(1, 3),
      pauseMs: random.pick([0, 1, 3, 10]),
      random: moves.next,
    }),
    open: new Set(),
    cluster,
    sql: (text, values = []) =>
      withClient(url, 'soak', async (client) => (await client.query(text, values)).rows),
    startServer: async (place) => {
      const served = servers[place];
      if (served === undefined || served.live !== undefined) return;
      served.live = await startLiveServer({ ...settings(), port: portOf(served.front) });
    },
  };
  await Promise.all(
    clients.map(({ recorder }) =>
      recorder.when(() => recorder.count('sync') > 0, { what: 'a start', deadlineMs: START_MS }),
    ),
  );
  return stage;
}

function portOf(front: TcpProxy): number {
  return Number(new URL(front.target).port);
}

/** Everything as it should be again; only the past is left to be made good. */
export async function heal(stage: Stage): Promise<void> {
  stage.database.set({});
  for (const { front } of stage.servers) front.set({});
  for (const client of stage.clients) client.resume();
  for (const client of stage.open) {
    await client.query('commit').catch(() => undefined);
    await client.end().catch(() => undefined);
  }
  stage.open.clear();
  for (const place of stage.servers.keys()) await stage.startServer(place);
  await stage.movers.stop();
}

export async function tearDown(stage: Stage): Promise<void> {
  for (const client of stage.clients) client.close();
  await stage.movers.stop();
  await Promise.allSettled([...stage.open].map((client) => client.end()));
  for (const { live, front } of stage.servers) {
    await live?.stop();
    await front.close();
  }
  await stage.database.close();
}

/** A transaction that has written and stays open: committed, rolled back or cut later. */
export async function openTransaction(stage: Stage, text: string): Promise<pg.Client | undefined> {
  const client = await connect(stage.url, 'soak transaction').catch(() => undefined);
  if (client === undefined) return undefined;
  client.on('error', () => stage.open.delete(client));
  try {
    await client.query(`begin; ${text}`);
    stage.open.add(client);
    return client;
  } catch {
    await client.end().catch(() => undefined);
    return undefined;
  }
}

export async function during(stage: Stage, min: number, max: number): Promise<void> {
  await pause(stage.random.between(min, max));
}
