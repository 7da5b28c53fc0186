import { z } from 'zod';
import type { Live } from '../../live/live.js';
import { VERSION } from '../../version.js';
import { sendConditionally, sendJson } from '../answer.js';
import { setSecurityHeaders } from '../answering.js';
import { type Authenticate, demandAdmin } from '../auth.js';
import { readinessOf, readyAnswer } from '../readiness.js';
import type { Answer, Route } from '../route.js';
import type { Traffic } from '../traffic.js';
import type { Look } from '../vitals.js';

export type OperationDeps = {
  readonly live: Live;
  readonly authenticate: Authenticate;
  readonly traffic: Traffic;
  readonly look: Look;
  readonly isStopping: () => boolean;
  /** Undefined: there is no /metrics. */
  readonly metrics: { text(): Promise<string>; readonly contentType: string } | undefined;
};

const healthAnswer = z
  .object({ status: z.literal('ok'), version: z.string(), uptimeSeconds: z.number() })
  .meta({ id: 'Health' });

const seconds = z.number().nullable();

const cacheStats = z
  .object({
    reads: z.int().meta({
      description: 'Answers 200 and 304 to requests for topics and for pages of applications.',
    }),
    notModified: z.int().meta({ description: 'Those of them that were 304.' }),
    topics: z.int().meta({ description: 'Topics that were asked for, by streams too.' }),
    queries: z.int().meta({ description: 'Queries that answered those: reads share queries.' }),
    failed: z.int().meta({ description: 'Queries that failed.' }),
    documentsFresh: z.int().meta({ description: 'Documents among the topics that stood ready.' }),
    documentsBuilt: z.int().meta({
      description: 'Documents among the topics that were built because somebody read them.',
    }),
    ages: z
      .array(
        z.object({
          summary: z.string(),
          documents: z.int().meta({ description: 'How many it has.' }),
          newestSeconds: seconds,
          medianSeconds: seconds,
          oldestSeconds: seconds,
        }),
      )
      .meta({
        description: 'How long ago the documents of each summary were built, at this moment.',
      }),
  })
  .meta({ id: 'CacheStats', description: 'Since the process began; but ages are of the moment.' });

const poolStats = z
  .object({ size: z.int(), open: z.int(), idle: z.int(), waiting: z.int() })
  .meta({ id: 'PoolStats', description: 'Sessions for reading: at most, open, idle; who waits.' });

/** For those who look after it. */
export function operationRoutes(deps: OperationDeps): Route[] {
  const { live, traffic } = deps;
  return [
    healthRoute(),
    readyRoute(deps),
    ...(deps.metrics === undefined ? [] : [metricsRoute(deps.metrics)]),
    adminRoute(deps, 'cache-stats', 'How reads were answered', cacheStats, async () => ({
      ...live.reader.stats(),
      ...traffic.reads(),
      ages: await live.reader.ages(),
    })),
    adminRoute(deps, 'db-pool-stats', 'The pool of database sessions', poolStats, async () =>
      live.pool.stats(),
    ),
  ];
}

function healthRoute(): Route {
  return {
    id: 'health',
    path: '/health',
    tag: 'operations',
    summary: 'The process is alive',
    description: 'Says nothing of the database: a restart of this process would not mend that.',
    signedIn: 'never',
    answers: { 200: json('It is', healthAnswer) },
    problems: [],
    handle: (ctx) => {
      sendJson(ctx, {
        status: 'ok',
        version: VERSION,
        uptimeSeconds: Math.round(process.uptime()),
      });
    },
  };
}

function readyRoute({ live, look, isStopping }: OperationDeps): Route {
  return {
    id: 'ready',
    path: '/ready',
    tag: 'operations',
    summary: 'Whether requests should be sent here',
    signedIn: 'never',
    answers: {
      200: json('They should', readyAnswer),
      503: json('They should not: a check fails', readyAnswer),
    },
    problems: [],
    handle: async (ctx) => {
      const vitals = await look();
      const answer = readinessOf({ health: live.health(), vitals, isStopping: isStopping() });
      sendJson(ctx, answer, answer.ready ? 200 : 503);
    },
  };
}

function metricsRoute(metrics: NonNullable<OperationDeps['metrics']>): Route {
  return {
    id: 'metrics',
    path: '/metrics',
    tag: 'operations',
    summary: 'Measurements, for Prometheus',
    signedIn: 'never',
    isDocument: true,
    answers: {
      200: { description: 'All of them', contentType: 'text/plain', schema: z.string() },
    },
    problems: [],
    handle: async (ctx) => {
      const text = await metrics.text();
      setSecurityHeaders(ctx.res);
      ctx.res.setHeader('Content-Type', metrics.contentType);
      ctx.res.setHeader('Cache-Control', 'no-store');
      ctx.body = text;
    },
  };
}

function adminRoute<Schema extends z.ZodObject>(
  { authenticate }: OperationDeps,
  id: string,
  summary: string,
  schema: Schema,
  look: () => Promise<z.input<Schema>>,
): Route {
  return {
    id,
    path: `/api/admin/${id}`,
    tag: 'operations',
    summary,
    signedIn: 'admin',
    answers: { 200: json('Now', schema) },
    problems: ['unauthenticated', 'forbidden', 'keys-unavailable', 'database-unavailable'],
    handle: async (ctx) => {
      await demandAdmin(authenticate, ctx);
      sendJson(ctx, await look());
    },
  };
}

/** Described last: it describes itself too. */
export function openapiRoute(
  text: () => Promise<{ readonly body: string; readonly etag: string }>,
): Route {
  return {
    id: 'openapi',
    path: '/openapi.json',
    tag: 'operations',
    summary: 'This description',
    signedIn: 'never',
    isDocument: true,
    answers: { 200: json('OpenAPI 3.1', z.looseObject({ openapi: z.string() })) },
    problems: [],
    handle: async (ctx) => sendConditionally(ctx, { ...(await text()), isPublic: true }),
  };
}

function json(description: string, schema: z.ZodType): Answer {
  return { description, contentType: 'application/json', schema };
}
