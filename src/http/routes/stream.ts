import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import type { Viewer } from '../../live/audience.js';
import { DatabaseUnavailable } from '../../live/refusal.js';
import type { Sink } from '../../live/sinks/sink.js';
import { STREAM_HEADERS } from '../../live/sinks/sink.js';
import type { Streams } from '../../live/streams.js';
import type { Topic } from '../../live/topic.js';
import { addressOf } from '../address.js';
import { finish, setSecurityHeaders } from '../answering.js';
import type { Authenticate } from '../auth.js';
import { queryOf } from '../input.js';
import { Problem } from '../problems.js';
import type { Route } from '../route.js';
import { streamQuery } from '../schemas.js';

/**
 * Undefined where the host's middleware has no room for another stream. What it gives is called
 * when the stream is granted, not before: that begins the answer.
 */
export type SinkOf = (ctx: RouterContext) => (() => Sink) | undefined;

export type StreamDeps = {
  readonly streams: Streams;
  readonly authenticate: Authenticate;
  readonly topicsMax: number;
  readonly trustedProxies: number;
  readonly sinkOf: SinkOf;
  readonly isStopping: () => boolean;
};

type RetryMs = { readonly min: number; readonly max: number };

/** Long enough that those who were turned away do not come back all at once. */
const FULL_RETRY_MS: RetryMs = { min: 10_000, max: 30_000 };
/** What is away now is likely to be back soon. */
const AWAY_RETRY_MS: RetryMs = { min: 1000, max: 5000 };

const STREAM = 'text/event-stream';

export function streamRoute(deps: StreamDeps): Route {
  const query = streamQuery(deps.topicsMax);
  return {
    id: 'stream',
    path: '/v1/stream',
    tag: 'topics',
    summary: 'Each topic now, and every change from then on (server-sent events)',
    description:
      'Begins with one `update` per topic and a `sync`. Between two `sync`s come whole transactions. `unavailable` names a topic that cannot be read now; its `update` follows when it can. `gone`: it was dropped; `forbidden`: it is no longer for you. `expired` comes before the end when the token ends. A stream that only says `retry` and ends: the server has as many as it can hold, or is stopping, or its database is away.',
    inQuery: query,
    inHeaders: {
      'Last-Event-ID': 'The id of the last event seen: only what changed since is sent.',
    },
    signedIn: 'may',
    answers: {
      200: {
        description: 'The stream',
        contentType: STREAM,
        schema: z.string(),
        headers: {
          'Cache-Control': 'no-store, no-transform',
          'X-Accel-Buffering': 'no, so that nginx passes each event on at once.',
        },
      },
    },
    problems: [
      'invalid-request',
      'unauthenticated',
      'forbidden',
      'unknown-topic',
      'not-acceptable',
      'too-many-streams',
    ],
    handle: async (ctx) => {
      const { topic, last_event_id } = queryOf(ctx, query);
      // A browser that reconnects says where it is in the header; its URL says where it began.
      const lastEventId = lastEventIdOf(ctx) ?? last_event_id;
      await answerStream(ctx, { topicsOf: () => topic, lastEventId }, deps);
    },
  };
}

export type Asked = {
  readonly topicsOf: (viewer: Viewer | undefined) => readonly Topic[];
  readonly lastEventId: string | undefined;
  /** Another sink, around the one that the answer is written to. */
  readonly around?: (sink: Sink) => Sink;
};

/** A stream of topics: those of the query, or those that a route stands for. */
export async function answerStream(
  ctx: RouterContext,
  asked: Asked,
  deps: StreamDeps,
): Promise<void> {
  setSecurityHeaders(ctx.res);
  refuseOtherForms(ctx);
  try {
    await open(ctx, asked, deps);
  } catch (error) {
    if (!isAway(error) || ctx.res.headersSent) throw error;
    sendLater(ctx, AWAY_RETRY_MS);
  }
}

async function open(
  ctx: RouterContext,
  { topicsOf, lastEventId, around = (sink) => sink }: Asked,
  deps: StreamDeps,
): Promise<void> {
  const viewer = await deps.authenticate(ctx);
  const topics = topicsOf(viewer);
  if (ctx.method === 'HEAD') {
    await deps.streams.refuse({ topics, viewer });
    return sendHead(ctx);
  }
  const begin = deps.sinkOf(ctx);
  if (begin === undefined || deps.isStopping()) return sendLater(ctx, FULL_RETRY_MS);
  const address = addressOf(ctx.req, deps.trustedProxies);
  const sink = () => around(begin());
  const opened = await deps.streams.open({ topics, viewer, address, lastEventId, sink });
  if (opened === 'full') sendLater(ctx, FULL_RETRY_MS);
}

/** The database, or whoever has the keys: nothing is wrong with the request. */
function isAway(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  return error instanceof Problem && error.kind === 'keys-unavailable';
}

function lastEventIdOf({ req }: RouterContext): string | undefined {
  const header = req.headers['last-event-id'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

function refuseOtherForms(ctx: RouterContext): void {
  if (ctx.req.headers.accept === undefined || ctx.accepts(STREAM) !== false) return;
  throw new Problem('not-acceptable', `A stream is ${STREAM}, and Accept leaves that out.`);
}

function sendHead(ctx: RouterContext): void {
  setHeaders(ctx);
  finish(ctx, 200, '');
}

/** A browser never comes back after any other status, so this has to be a stream that ends. */
function sendLater(ctx: RouterContext, { min, max }: RetryMs): void {
  const retryMs = Math.round(min + Math.random() * (max - min));
  setHeaders(ctx);
  finish(ctx, 200, `retry: ${retryMs}\n\n`);
}

function setHeaders({ res }: RouterContext): void {
  for (const [name, value] of Object.entries(STREAM_HEADERS)) res.setHeader(name, value);
}
