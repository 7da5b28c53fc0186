import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import Koa from 'koa';
import { listen } from '../../src/http/server.js';
import type { Observation } from '../../src/observation.js';
import { createTally } from '../../src/tally.js';
import { freePort } from './ports.js';
import { SECRET } from './tokens.js';

/** The whole server inside of the process that tests it, in a Koa application of its own. */

export const SINKS = ['plain', 'koa-sse-stream'] as const;

export type LiveServerOptions = {
  readonly databaseUrl: string;
  readonly listenUrl?: string;
  readonly sink?: (typeof SINKS)[number];
  readonly port?: number;
  readonly idleMs?: number;
  readonly tickMs?: number;
  readonly heartbeatMs?: number;
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  readonly streamsMax?: number;
  readonly streamsPerSubjectMax?: number;
  readonly streamsPerAddressMax?: number;
};

export type LiveServer = {
  readonly url: string;
  readonly observed: readonly Observation[];
  metrics(): Promise<string>;
  /** What /ready says of the listener. */
  listener(): Promise<string>;
  stop(): Promise<void>;
};

const IDLE_MS = 200;
const POOL_SIZE = 5;
const CLOSE_MS_MAX = 10_000;

export async function startLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const { port = await freePort(), sink = 'plain', ...tuning } = options;
  const observed: Observation[] = [];
  const tally = await createTally({
    idleMs: IDLE_MS,
    poolSize: POOL_SIZE,
    jwtSecret: SECRET,
    ...tuning,
    sink,
    observe: (observation) => observed.push(observation),
  });
  const app = new Koa();
  app.on('error', () => undefined);
  if (sink === 'koa-sse-stream') app.use(sseMiddleware());
  app.use(tally.routes({ operations: true }));
  let stopped: Promise<unknown> | undefined;
  const { url, server, close } = await listen(app.callback(), { host: '127.0.0.1', port }).catch(
    async (error: unknown) => {
      await tally.close();
      throw error;
    },
  );
  return {
    url,
    observed,
    metrics: () => tally.metrics(),
    listener: async () => {
      const { checks } = await tally.health();
      return checks.listener.state;
    },
    stop: async () => {
      stopped ??= Promise.all([close(), withinReason(tally.close())]);
      server.closeAllConnections();
      await stopped;
    },
  };
}

/** Its timer prints, has no handle and keeps a process alive: here it does not. */
function sseMiddleware(): Koa.Middleware {
  const make = createRequire(import.meta.url)('koa-sse-stream') as () => Koa.Middleware;
  const { setInterval } = globalThis;
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) =>
    setInterval(...args).unref()) as typeof setInterval;
  try {
    return make();
  } finally {
    globalThis.setInterval = setInterval;
  }
}

async function withinReason(closing: Promise<void>): Promise<void> {
  const late = new AbortController();
  await Promise.race([
    closing,
    pause(CLOSE_MS_MAX, undefined, { signal: late.signal }).then(() => {
      throw new Error(`the server did not close within ${CLOSE_MS_MAX} ms`);
    }),
  ]).finally(() => late.abort());
}
