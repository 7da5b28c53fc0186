import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Reader } from '../live/reader.js';
import { type Conditional, cacheControl, JSON_TYPE, VARIES_BY } from './answer.js';
import { hasBody, problemBody, RAW_SECURITY_HEADERS } from './answering.js';
import type { Identify } from './auth.js';
import { hasAlready } from './conditional.js';
import { problemOf } from './failures.js';
import { topicOfPath } from './input.js';
import { answerOf } from './number.js';
import type { Traffic } from './traffic.js';

const NUMBERS = '/v1/counters/';

export type NumbersDeps = {
  readonly reader: Reader;
  readonly identify: Identify;
  readonly traffic: Traffic;
  readonly log: Logger;
};

/**
 * Numbers are asked for far more often than all else, and Koa and its router take twice the time
 * that their answer takes. So in our own server a plain question for one goes past them.
 */
export function numbersFirst(otherwise: RequestListener, deps: NumbersDeps): RequestListener {
  const { reader, identify, traffic, log } = deps;
  const single = traffic.route('counter', true);
  const scoped = traffic.route('counter-in-scope', true);

  const answer = async (req: IncomingMessage, res: ServerResponse, parts: readonly string[]) => {
    const started = performance.now();
    try {
      const topic = topicOfPath(parts);
      const asking = identify(req, res);
      const viewer = asking === undefined ? undefined : await asking;
      send(req, res, answerOf(await reader.number(topic), viewer));
    } catch (error) {
      const problem = problemOf(error);
      const body = problemBody(req, res, problem, log);
      if (body !== undefined) sendText(req, res, problem.status, body);
    }
    const route = parts.length === 1 ? single : scoped;
    traffic.record(route, res.statusCode, performance.now() - started);
  };
  return (req, res) => {
    const parts = partsOf(req);
    if (parts === undefined) otherwise(req, res);
    else void answer(req, res, parts);
  };
}

/** Name, and scope if there is one. Undefined for what is not plainly a question for a number. */
function partsOf(req: IncomingMessage): readonly string[] | undefined {
  const { method, url = '' } = req;
  if ((method !== 'GET' && method !== 'HEAD') || !url.startsWith(NUMBERS)) return undefined;
  if (hasBody(req) || req.headers['x-request-id'] !== undefined) return undefined;
  const query = url.indexOf('?', NUMBERS.length);
  const rest = url.slice(NUMBERS.length, query < 0 ? url.length : query);
  const slash = rest.indexOf('/');
  if (rest === '' || slash === 0 || rest.includes('#')) return undefined;
  return slash < 0 ? [rest] : [rest.slice(0, slash), rest.slice(slash + 1)];
}

/** What sendConditionally does, with the head as one list, as writeHead takes it fastest. */
function send(req: IncomingMessage, res: ServerResponse, answer: Conditional): void {
  const head = headOf(answer);
  if (hasAlready(req.headers['if-none-match'], answer.etag)) {
    res.writeHead(304, head.common).end();
    return;
  }
  res.writeHead(200, head.full);
  if (req.method !== 'HEAD') {
    // end(body) would send an empty piece behind it, and two pieces cost a tenth more than one.
    res.write(answer.body);
    res.socket?.uncork();
  }
  res.end();
}

type Head = { readonly common: string[]; readonly full: string[] };

const heads = new WeakMap<Conditional, Head>();

function headOf(answer: Conditional): Head {
  const known = heads.get(answer);
  if (known !== undefined) return known;
  const { etag, body, isPublic } = answer;
  const common = [...RAW_SECURITY_HEADERS, 'ETag', etag, 'Cache-Control', cacheControl(isPublic)];
  if (!isPublic) common.push('Vary', VARIES_BY);
  const length = String(Buffer.byteLength(body));
  const head = { common, full: [...common, 'Content-Type', JSON_TYPE, 'Content-Length', length] };
  heads.set(answer, head);
  return head;
}

function sendText(req: IncomingMessage, res: ServerResponse, status: number, body: string): void {
  res.statusCode = status;
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(req.method === 'HEAD' ? undefined : body);
}
