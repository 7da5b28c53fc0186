import type { RouterContext } from '@koa/router';
import type Koa from 'koa';
import type { Config } from './config.js';
import { UserError } from './errors.js';
import { tallyRoutes } from './http/app.js';
import type { Authenticate } from './http/auth.js';
import { type Readiness, readinessOf } from './http/readiness.js';
import type { SinkOf } from './http/routes/stream.js';
import { koaSseSink, type SseStream } from './live/sinks/koa-sse-stream.js';
import { plainSink } from './live/sinks/plain.js';
import type { Observe } from './observation.js';
import { openService } from './service.js';
import { configOf } from './tally-options.js';
import { checked } from './tally-viewer.js';

/** What can be set as for the server itself; docs/operations.md, section Settings, has each. */
type Tuning = Omit<
  Config,
  'databaseUrl' | 'dataDir' | 'embeddedPort' | 'host' | 'port' | 'corsOrigins' | 'webhookSecret'
>;

export type TallyOptions = Partial<Tuning> & {
  readonly databaseUrl: string;
  /**
   * Who asks, from your own sign-in; undefined is nobody in particular. For a wrong session use
   * ctx.throw(401, …). Without it, tokens are checked with jwtSecret or jwksUrl.
   */
  readonly authenticate?: Authenticate;
  /** Where streams go: plain is the response; koa-sse-stream is ctx.sse of that middleware. */
  readonly sink?: 'plain' | 'koa-sse-stream';
  /** Hears of everything that happens: for your own log and metrics. */
  readonly observe?: Observe;
};

export type MountOptions = {
  /** A path such as /tally; the paths of the contract stand below it. */
  readonly prefix?: string;
  /** Whether /health, /ready, /metrics and the admin's pages are among them; false. */
  readonly operations?: boolean;
};

export type Tally = {
  /** A middleware that answers its own paths below the prefix, and passes everything else on. */
  routes(options?: MountOptions): Koa.Middleware;
  /** What /ready says. */
  health(): Promise<Readiness>;
  /** Measurements, in the text form of Prometheus. */
  metrics(): Promise<string>;
  /** Ends the streams, spread over a few seconds. Call it before your server closes. */
  drain(): Promise<void>;
  /** Ends everything, database sessions too. Call it after your server has closed. */
  close(): Promise<void>;
};

const SINKS: Record<NonNullable<TallyOptions['sink']>, SinkOf> = {
  plain: (ctx) => () => plainSink(ctx),
  'koa-sse-stream': (ctx) => {
    // The middleware leaves it out when it has as many clients as it may have.
    const stream = sseStreamOf(ctx);
    return stream === undefined ? undefined : () => koaSseSink(ctx, stream);
  },
};

/** The server's routes and all that is behind them, inside somebody else's Koa application. */
export async function createTally(options: TallyOptions): Promise<Tally> {
  const config = configOf(options);
  const { databaseUrl, authenticate, sink = 'plain', observe } = options;
  const sinkOf = SINKS[sink];
  const service = await openService({
    ...{ config, sinkOf, observe },
    url: databaseUrl,
    authenticate: authenticate === undefined ? undefined : checked(authenticate),
  });
  const { live, metrics, look, deps } = service;
  return {
    routes: ({ prefix = '', operations = false } = {}) =>
      tallyRoutes(deps, { prefix: prefixOf(prefix), operations }),
    health: async () => {
      const { isStopping } = service;
      return readinessOf({ health: live.health(), vitals: await look(), isStopping });
    },
    metrics: () => metrics.text(),
    drain: async () => {
      service.isStopping = true;
      await live.drain();
    },
    close: async () => {
      service.isStopping = true;
      await live.close();
    },
  };
}

function prefixOf(prefix: string): string {
  if (prefix === '' || /^(?:\/[\w.~-]+)+$/.test(prefix)) return prefix;
  throw new UserError(`the prefix is ${JSON.stringify(prefix)}`, {
    hint: 'it is a path such as /tally, without a slash at its end',
  });
}

function sseStreamOf(ctx: RouterContext): SseStream | undefined {
  const { sse } = ctx as { sse?: SseStream };
  return sse;
}
