import type { DestinationStream, Logger } from 'pino';
import type { Config } from './config.js';
import type { AppDeps } from './http/app.js';
import { type Authenticate, type Identify, identifier } from './http/auth.js';
import type { SinkOf } from './http/routes/stream.js';
import { verifier } from './http/token.js';
import { Traffic } from './http/traffic.js';
import { type Look, watchVitals } from './http/vitals.js';
import { type Live, openLive } from './live/live.js';
import { createLog, logObservations } from './log.js';
import { createMetrics, type Metrics } from './metrics.js';
import type { Observe } from './observation.js';

export type ServiceOptions = {
  readonly config: Config;
  /** The database: config.databaseUrl, or that of the embedded server. */
  readonly url: string;
  readonly sinkOf: SinkOf;
  /** Instead of tokens. */
  readonly authenticate?: Authenticate | undefined;
  /** Hears of everything, beside log and metrics. */
  readonly observe?: Observe | undefined;
  /** Where log lines go; stderr when it is left out. */
  readonly logTo?: DestinationStream | undefined;
};

export type Service = {
  readonly log: Logger;
  readonly live: Live;
  readonly metrics: Metrics;
  readonly look: Look;
  /** By token, whatever a host application has instead of ours. */
  readonly identify: Identify;
  /** For the routes. */
  readonly deps: AppDeps;
  isStopping: boolean;
};

/** Everything but HTTP itself: for our own server, and for somebody else's application. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { config, sinkOf } = options;
  const log = createLog(config.logLevel, options.logTo);
  const metrics = createMetrics();
  const observers = [logObservations(log), metrics.observe, options.observe ?? (() => undefined)];
  const observe: Observe = (observation) => {
    for (const each of observers) each(observation);
  };
  const live = await openLive({
    databaseUrl: options.url,
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
  const identify = identifier(verifier(config, observe));
  metrics.watch({ live, traffic, look });
  const service: Service = {
    ...{ log, live, metrics, look, identify },
    isStopping: false,
    deps: {
      ...{ live, log, traffic, look, sinkOf },
      authenticate: options.authenticate ?? (({ req, res }) => identify(req, res)),
      topicsMax: config.topicsMax,
      trustedProxies: config.trustedProxies,
      corsOrigins: config.corsOrigins,
      metrics: config.metrics ? metrics : undefined,
      isStopping: () => service.isStopping,
    },
  };
  return service;
}
