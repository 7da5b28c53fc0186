import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import type { Sink } from '../../live/sinks/sink.js';
import { STREAM_HEADERS } from '../../live/sinks/sink.js';
import type { Streams } from '../../live/streams.js';
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

/** Long enough that those who were turned away do not come back all at once. */
const FULL_RETRY_MS = { min: 10_000, max: 30_000 };

const STREAM = 'text/event-stream';

export function streamRoute(deps: StreamDeps): Route {
  const query = streamQuery(deps.topicsMax);
  return {
    id: 'stream',
    path: '/v1/stream',
    tag: 'topics',
    summary: 'Each topic now, and every change from then on (server-sent events)',
    description:
      'Begins with one `update` per topic and a `sync`. Between two `sync`s come whole transactions. `unavailable` names a topic that cannot be read now; its `update` follows when it can. `expired` comes before the end when the token ends. A stream that only says `retry` and ends: the server has as many as it can hold, or is stopping.',
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
      'database-unavailable',
      'keys-unavailable',
    ],
    handle: async (ctx) => {
      setSecurityHeaders(ctx.res);
      const { topic, last_event_id } = queryOf(ctx, query);
      refuseOtherForms(ctx);
      const viewer = await deps.authenticate(ctx);
      if (ctx.method === 'HEAD') return sendHead(ctx);
      const sink = deps.sinkOf(ctx);
      if (sink === undefined || deps.isStopping()) return sendFull(ctx);
      const opened = await deps.streams.open({
        topics: topic,
        viewer,
        address: addressOf(ctx.req, deps.trustedProxies),
        // A browser that reconnects says where it is in the header; its URL says where it began.
        lastEventId: lastEventIdOf(ctx) ?? last_event_id,
        sink,
      });
      if (opened === 'full') sendFull(ctx);
    },
  };
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
function sendFull(ctx: RouterContext): void {
  const { min, max } = FULL_RETRY_MS;
  const retryMs = Math.round(min + Math.random() * (max - min));
  setHeaders(ctx);
  finish(ctx, 200, `retry: ${retryMs}\n\n`);
}

function setHeaders({ res }: RouterContext): void {
  for (const [name, value] of Object.entries(STREAM_HEADERS)) res.setHeader(name, value);
}
