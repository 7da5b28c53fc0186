import cors from '@koa/cors';
import { Router, type RouterContext } from '@koa/router';
import Koa from 'koa';
import compress from 'koa-compress';
import type { Logger } from 'pino';
import type { Live } from '../live/live.js';
import { VERSION } from '../version.js';
import { digestOf, tagEncoding } from './answer.js';
import { answering, answerProblem, type Handle, setSecurityHeaders } from './answering.js';
import type { Authenticate } from './auth.js';
import { describe } from './openapi.js';
import { Problem } from './problems.js';
import { type Route, routerPath } from './route.js';
import { type OperationDeps, openapiRoute, operationRoutes } from './routes/operations.js';
import { type SinkOf, streamRoute } from './routes/stream.js';
import { readRoutes } from './routes/topics.js';
import type { Traffic } from './traffic.js';
import type { Look } from './vitals.js';

export type AppDeps = {
  readonly live: Live;
  readonly log: Logger;
  readonly traffic: Traffic;
  readonly authenticate: Authenticate;
  readonly topicsMax: number;
  readonly trustedProxies: number;
  readonly corsOrigins: readonly string[];
  readonly metrics: OperationDeps['metrics'];
  readonly look: Look;
  readonly isStopping: () => boolean;
  readonly sinkOf: SinkOf;
};

export type RoutesOptions = {
  /** '' or a path such as /tally. */
  readonly prefix: string;
  /** Whether /health, /ready, /metrics and the admin's pages are among them. */
  readonly operations: boolean;
  /** What else there is beside the topics: the applications. */
  readonly others?: readonly Route[];
};

/** What is counted for none of the routes: no such path, or no such method there. */
const NO_ROUTE = 'none';

/** Below this a document is sent as it is: its headers are as long. */
const COMPRESS_BYTES_MIN = 1024;
/** How long a browser remembers what a preflight said. */
const PREFLIGHT_S = 600;

const SCHEMAS = {
  name: 'tally-schemas',
  text: 'select nspname from pg_catalog.pg_namespace where nspname = any ($1)',
};

/** Not zstd: only newer releases of Node have it, and all of ours shall answer the same. */
const compressing = compress({ threshold: COMPRESS_BYTES_MIN, zstd: false, deflate: false });

/** What comes of writing to a client that has left. */
const GONE: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** The whole server, as one Koa application; `others` are the routes of what stands on the engine. */
export function createApp(deps: AppDeps, others: readonly Route[] = []): Koa {
  const app = new Koa();
  const { corsOrigins, log } = deps;
  app.on('error', (error: NodeJS.ErrnoException) => {
    if (GONE.has(error.code ?? '')) log.debug({ err: error }, 'a client left');
    else log.error({ err: error }, 'request failed');
  });
  if (corsOrigins.length > 0) app.use(sharing(corsOrigins));
  app.use(tallyRoutes(deps, { prefix: '', operations: true, others }));
  const nothing = deps.traffic.route(NO_ROUTE, false);
  app.use((ctx) => {
    const started = performance.now();
    const detail = `There is nothing at ${ctx.path}; /openapi.json says what there is.`;
    answerProblem(ctx as RouterContext, new Problem('not-found', detail), log);
    deps.traffic.record(nothing, ctx.status, performance.now() - started);
  });
  return app;
}

/** Only our own paths; everything else is passed on. */
export function tallyRoutes(deps: AppDeps, options: RoutesOptions): Koa.Middleware {
  const { prefix, operations, others = [] } = options;
  const router = new Router({ prefix, sensitive: true });
  const { reader, streams } = deps.live;
  const documented = describer(prefix);
  const routes: Route[] = [
    ...readRoutes({ ...deps, reader }),
    streamRoute({ ...deps, streams }),
    ...(operations ? operationRoutes(deps) : []),
    ...others,
    openapiRoute(async () => documented(await routesThere(routes, deps))),
  ];
  for (const route of routes) {
    const handle = route.isDocument === true ? compressed(route.handle) : route.handle;
    const { method = 'get', body } = route;
    const parts = { handle, ...(body === undefined ? {} : { body }) };
    const traffic = deps.traffic.route(route.id, 304 in route.answers);
    router[method](routerPath(route.path), answering(deps, traffic, parts));
  }
  const other = deps.traffic.route(NO_ROUTE, false);
  router.on('not-found', async (ctx, next) => {
    const started = performance.now();
    const isOurs = await answerOtherMethod(router, ctx, next, deps);
    if (isOurs) deps.traffic.record(other, ctx.status, performance.now() - started);
  });
  return router.routes() as unknown as Koa.Middleware;
}

/** Our path, but none of our methods: true. Or not our path at all. */
async function answerOtherMethod(
  router: Router,
  ctx: RouterContext,
  next: Koa.Next,
  { log }: AppDeps,
): Promise<boolean> {
  const { path } = router.match(ctx.path, ctx.method);
  if (path.length === 0) {
    await next();
    return false;
  }
  const allow = [...new Set(path.flatMap(({ methods }) => methods)), 'OPTIONS'].join(', ');
  setSecurityHeaders(ctx.res);
  if (ctx.method === 'OPTIONS') {
    ctx.res.setHeader('Allow', allow);
    ctx.status = 204;
    return true;
  }
  const detail = `${ctx.method} is not for ${ctx.path}; ${allow} are.`;
  const problem = new Problem('method-not-allowed', detail, { headers: { Allow: allow } });
  answerProblem(ctx, problem, log);
  return true;
}

/** A browser lets pages of other origins read answers only if we name their origin. */
function sharing(origins: readonly string[]): Koa.Middleware {
  const allowed: ReadonlySet<string> = new Set(origins);
  return cors({
    // '' is nobody: @koa/cors then adds nothing but Vary.
    origin: ({ req }) => {
      const { origin = '' } = req.headers;
      return allowed.has(origin) ? origin : '';
    },
    credentials: true,
    allowMethods: ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'],
    exposeHeaders: ['ETag', 'Retry-After', 'X-Request-Id'],
    maxAge: PREFLIGHT_S,
  });
}

function compressed(handle: Handle): Handle {
  return async (ctx) => {
    await compressing(ctx, async () => await handle(ctx));
    tagEncoding(ctx);
  };
}

/** Those whose schema is in the database; while nobody can tell, all of them. */
async function routesThere(routes: readonly Route[], { live }: AppDeps): Promise<Route[]> {
  const needed = [...new Set(routes.flatMap(({ schema }) => schema ?? []))];
  if (needed.length === 0) return [...routes];
  const present = await live.pool.rows<[string]>(SCHEMAS, [needed]).catch(() => undefined);
  const names = new Set(present?.map(([name]) => name) ?? needed);
  return routes.filter(({ schema }) => schema === undefined || names.has(schema));
}

type Described = { readonly body: string; readonly etag: string };

/** Each set of routes is described once: it takes as long as some thousand answers. */
function describer(prefix: string) {
  const described = new Map<string, Described>();
  return (routes: readonly Route[]): Described => {
    const ids = routes.map(({ id }) => id).join();
    const known = described.get(ids);
    if (known !== undefined) return known;
    const body = JSON.stringify(describe(routes, { title: 'pgtally', version: VERSION, prefix }));
    const made = { body, etag: `"${digestOf(body)}"` };
    described.set(ids, made);
    return made;
  };
}
