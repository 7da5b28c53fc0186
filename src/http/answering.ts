import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouterContext } from '@koa/router';
import type { Logger } from 'pino';
import { problemOf } from './failures.js';
import { PROBLEM_TYPE, Problem, problemText } from './problems.js';
import type { Route } from './route.js';
import type { RouteTraffic, Traffic } from './traffic.js';

export type Handle = (ctx: RouterContext) => void | Promise<void>;

/** What somebody else calls a request by, if it can stand in a log line. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/**
 * No helmet: these few are all that make sense for an answer that is no page, and they are set on
 * each one. Strict-Transport-Security belongs to whatever speaks TLS before us.
 */
export const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const SECURITY_ENTRIES = Object.entries(SECURITY_HEADERS);

/** The same, as writeHead takes them fastest. */
export const RAW_SECURITY_HEADERS: readonly string[] = SECURITY_ENTRIES.flat();

export function setSecurityHeaders(res: ServerResponse): void {
  for (const [name, value] of SECURITY_ENTRIES) res.setHeader(name, value);
}

export type Answering = { readonly log: Logger; readonly traffic: Traffic };

/** What is around each route: the answer to whatever it throws, and the count. */
export function answering(
  { log, traffic }: Answering,
  route: RouteTraffic,
  { handle, body }: Pick<Route, 'handle' | 'body'>,
): Handle {
  // Asked once: a logger per request costs as much as the request.
  const isDebug = log.isLevelEnabled('debug');
  return async (ctx) => {
    const started = performance.now();
    const { req, res } = ctx;
    const given = req.headers['x-request-id'];
    if (given !== undefined) echoRequestId(given, res);
    try {
      if (body === undefined && hasBody(req)) {
        throw new Problem('body-not-allowed', `${ctx.method} ${ctx.path} takes no body.`);
      }
      await handle(ctx);
    } catch (error) {
      answerProblem(ctx, error, log);
    }
    const ms = performance.now() - started;
    traffic.record(route, res.statusCode, ms);
    if (isDebug) log.debug({ route: route.id, path: ctx.path, status: res.statusCode, ms });
  };
}

export function answerProblem(ctx: RouterContext, error: unknown, log: Logger): void {
  const problem = problemOf(error);
  const body = problemBody(ctx.req, ctx.res, problem, log);
  if (body !== undefined) finish(ctx, problem.status, body);
  // Inside somebody else's application our log is silent: it has its own.
  if (problem.kind === 'internal' && !log.isLevelEnabled('error'))
    ctx.app.emit('error', problem.cause, ctx);
}

/** Logs what is to be logged and sets the headers. Undefined: another answer has begun already. */
export function problemBody(
  req: IncomingMessage,
  res: ServerResponse,
  problem: Problem,
  log: Logger,
): string | undefined {
  const requestId = problem.status < 500 ? undefined : requestIdOf(res);
  if (problem.status >= 500) logProblem(req, problem, requestId, log);
  if (res.headersSent) {
    res.destroy();
    return undefined;
  }
  setSecurityHeaders(res);
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value);
  res.setHeader('Content-Type', PROBLEM_TYPE);
  res.setHeader('Cache-Control', 'no-store');
  // A body that nobody reads would have to be read to its end before the next request.
  if (hasBody(req) && !req.complete) res.setHeader('Connection', 'close');
  return problemText(problem, requestId);
}

/**
 * A host's koa-sse-stream middleware has begun a stream before it was known whether there is to be
 * one, and would send any body as an event of it. So the answer goes past it.
 */
export function finish(ctx: RouterContext, status: number, body: string): void {
  const { sse } = ctx as { sse?: { destroy(): unknown } };
  ctx.status = status;
  if (sse === undefined) {
    ctx.body = body;
    return;
  }
  ctx.respond = false;
  ctx.res.end(ctx.method === 'HEAD' ? '' : body);
  sse.destroy();
}

function logProblem(req: IncomingMessage, problem: Problem, requestId: unknown, log: Logger): void {
  const path = req.url?.split('?', 1)[0];
  const seen = { problem: problem.kind, method: req.method, path, requestId };
  // What a database that is away did to each request is one event, and it is logged as one.
  if (problem.kind === 'internal') log.error({ ...seen, err: problem.cause }, 'request failed');
  else log.debug({ ...seen, err: problem.cause }, problem.detail);
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function echoRequestId(given: string | string[], res: ServerResponse): void {
  if (typeof given === 'string' && REQUEST_ID.test(given)) res.setHeader('X-Request-Id', given);
}

/** Made only for what will be looked for in the log. */
function requestIdOf(res: ServerResponse): string {
  const echoed = res.getHeader('X-Request-Id');
  if (typeof echoed === 'string') return echoed;
  const made = randomUUID();
  if (!res.headersSent) res.setHeader('X-Request-Id', made);
  return made;
}
