import type { DestinationStream } from 'pino';
import type { Config } from './config.js';
import { createApp } from './http/app.js';
import { authenticator } from './http/auth.js';
import { listen } from './http/server.js';
import { verifier } from './http/token.js';
import { Traffic } from './http/traffic.js';
import { watchVitals } from './http/vitals.js';
import { openLive } from './live/live.js';
import { plainSink } from './live/sinks/plain.js';
import { createLog, logObservations } from './log.js';
import { createMetrics } from './metrics.js';
import type { Observe } from './observation.js';
import { VERSION } from './version.js';

export type ServeOptions = {
  readonly config: Config;
  /** The database: config.databaseUrl, or that of the embedded server. */
  readonly url: string;
  /** Where log lines go; stderr when it is left out. */
  readonly logTo?: DestinationStream;
};

export type Serving = {
  readonly url: string;
  /** Not ready at once; streams end spread over seconds; what is in flight finishes. */
  stop(): Promise<void>;
};

/** The server, from its settings to its listening. Whatever is opened here is closed by `stop`. */
export async function serve({ config, url, logTo }: ServeOptions): Promise<Serving> {
  const log = createLog(config.logLevel, logTo);
  const metrics = createMetrics();
  const observe = both(logObservations(log), metrics.observe);
  const live = await openLive({
    databaseUrl: url,
    listenUrl: config.listenUrl,
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
    tickMs: config.tickMs,
    idleMs: config.idleMs,
    heartbeatMs: config.heartbeatMs,
    limits: {
      streams: config.streamsMax,
      streamsPerSubject: config.streamsPerSubjectMax,
      streamsPerAddress: config.streamsPerAddressMax,
    },
    observe,
  });
  const traffic = new Traffic();
  const look = watchVitals(live.pool);
  metrics.watch({ live, traffic, look });
  let isStopping = false;
  const app = createApp({
    live,
    log,
    traffic,
    authenticate: authenticator(verifier(config)),
    topicsMax: config.topicsMax,
    trustedProxies: config.trustedProxies,
    corsOrigins: config.corsOrigins,
    metrics: config.metrics ? metrics : undefined,
    look,
    version: VERSION,
    isStopping: () => isStopping,
    sinkOf: plainSink,
  });
  const listening = await listen(app.callback(), config).catch(async (error: unknown) => {
    await live.close();
    throw error;
  });
  log.info({ version: VERSION }, `listening on ${listening.url}`);
  return {
    url: listening.url,
    stop: async () => {
      isStopping = true;
      log.info('stopping: streams end, requests finish');
      await live.drain();
      await listening.close();
      await live.close();
      log.info('stopped');
    },
  };
}

function both(first: Observe, second: Observe): Observe {
  return (observation) => {
    first(observation);
    second(observation);
  };
}
