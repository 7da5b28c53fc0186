import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UserError } from '../errors.js';
import { SECURITY_HEADERS } from './answering.js';
import { PROBLEM_TYPE, PROBLEMS, Problem, type ProblemKind, problemText } from './problems.js';

/** A token of 8 kB and a hundred topics fit; anything above is a mistake or an attack. */
const HEADER_BYTES_MAX = 16_384;
/** For a request to arrive. A stream's answer may take as long as it likes. */
const HEADERS_MS_MAX = 15_000;
const REQUEST_MS_MAX = 30_000;
/** So often Node looks for those that are late; by itself every 30 s. */
const LATE_LOOK_MS = 5000;
/** Above the usual 60 s of load balancers: the other end hangs up first, so no request is lost. */
const KEEP_ALIVE_MS = 65_000;
/** Requests in flight have so long to finish when the server stops. */
const FINISH_MS_MAX = 10_000;
/** Node closes connections that are idle when it is told to close, and not those that become so. */
const IDLE_LOOK_MS = 50;
/** All that come back at once after a restart; the kernel allows net.core.somaxconn of them. */
const BACKLOG_MAX = 4096;
/** What a client may still send after its last answer, so that this arrives. */
const LINGER_MS = 1000;
/** Requests of one connection that wait for each other. */
const HELD_MAX = 100;
/** These change nothing. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of all routes together. */
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'];
/** A connection without a request may be about to send one. */
const FRESH_MS_MAX = 500;

export type Listening = {
  /** As a user types it. */
  readonly url: string;
  readonly server: Server;
  /** Lets requests in flight finish and takes no more. */
  close(): Promise<void>;
};

export async function listen(
  handle: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  /** Connections without a request: browsers open some in advance, and Node takes them for busy. */
  const fresh = new Set<Socket>();
  let isClosing = false;
  const take = inTurn((req, res) => {
    fresh.delete(req.socket);
    // Clients that ask on and on over one connection are told that this answer is its last.
    if (isClosing) res.shouldKeepAlive = false;
    handle(req, res);
  });
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      connectionsCheckingInterval: LATE_LOOK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node would answer with an empty 400; nothing here depends on the host's name.
      requireHostHeader: false,
    },
    take,
  );
  // Who asks before sending a body is told to go on by whoever reads it.
  server.on('checkContinue', take);
  // Whatever else is expected is not promised, and no reason to refuse.
  server.on('checkExpectation', take);
  server.on('clientError', answerNoRequest);
  server.on('connect', answerConnect);
  server.on('connection', (socket: Socket) => {
    fresh.add(socket);
    socket.once('close', () => fresh.delete(socket));
  });
  try {
    server.listen({ port, host, backlog: BACKLOG_MAX });
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, host, port);
  }
  const close = async () => {
    isClosing = true;
    await closeServer(server, fresh);
  };
  return { url: urlOf(server, host), server, close };
}

/**
 * What was sent behind a write, and a write behind anything, waits for the answer before it: where
 * that is the connection's last, it is not done, as its client will not hear of it.
 */
function inTurn(handle: RequestListener): RequestListener {
  const queues = new WeakMap<Socket, { last: ServerResponse; held: Set<ServerResponse> }>();

  return (req, res) => {
    const { socket } = req;
    // What came before it was the connection's last answer already.
    if (!socket.writable) return;
    if (res.socket !== null) return handle(req, res);
    const { last, held = new Set<ServerResponse>() } = queues.get(socket) ?? {};
    const before = last?.writableFinished === false ? last : answerUnderWay(socket);
    queues.set(socket, { last: res, held });
    if (before === undefined || (isRead(req) && isRead(before.req) && !held.has(before))) {
      return handle(req, res);
    }
    // Node reads on as long as nothing is written, which nothing is of these.
    if (held.size >= HELD_MAX) return socket.destroy();
    held.add(res);
    // Node's own listener came first: it has handed the connection on, or ends it.
    before.once('finish', () => {
      held.delete(res);
      if (res.socket !== null && socket.writable) handle(req, res);
    });
  };
}

function isRead({ method = '' }: IncomingMessage): boolean {
  return READS.has(method);
}

/** What arrived is no request, so there is no Koa to answer it. */
function answerNoRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  const before = answerUnderWay(socket);
  if (error.code === 'ECONNRESET' || !socket.writable || before?.headersSent === true) {
    socket.destroy();
    return;
  }
  if (before?.req.complete === true) {
    // The one before it was a request: it has its answer, and then the connection ends.
    before.shouldKeepAlive = false;
    return;
  }
  endWith(socket, noRequest(error.code ?? ''));
}

/** Whoever takes this for a proxy. Node gives such a request a socket and no response. */
function answerConnect({ method }: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  if (!socket.writable || answerUnderWay(socket) !== undefined) {
    socket.destroy();
    return;
  }
  const headers = { Allow: METHODS.join(', ') };
  const detail = `${method} is for proxies; this server takes ${headers.Allow}.`;
  endWith(socket, new Problem('method-not-allowed', detail, { headers }));
}

function endWith(socket: Duplex, problem: Problem): void {
  // Neither a client that keeps its side open nor whoever reads a body that does not come goes on.
  socket.once('finish', () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
  const body = problemText(problem);
  const reason = PROBLEMS[problem.kind].title;
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${reason}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      ...Object.entries({ ...SECURITY_HEADERS, ...problem.headers }).map(
        ([name, value]) => `${name}: ${value}`,
      ),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function noRequest(code: string): Problem {
  const [kind, detail]: [ProblemKind, string] =
    code === 'HPE_HEADER_OVERFLOW'
      ? ['headers-too-large', `The request's headers are above ${HEADER_BYTES_MAX} bytes.`]
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['request-timeout', `The request did not arrive within ${REQUEST_MS_MAX / 1000} s.`]
        : ['malformed-request', 'What was sent cannot be read as an HTTP/1.1 request.'];
  return new Problem(kind, detail);
}

/** A second answer in the middle of a first one, such as a stream, would look like part of it. */
function answerUnderWay(socket: Duplex): ServerResponse | undefined {
  if (!('_httpMessage' in socket)) return undefined;
  const { _httpMessage: message } = socket;
  return message instanceof ServerResponse ? message : undefined;
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const at = `${host}:${port}`;
  const options = { cause: error };
  switch (code) {
    case 'EADDRINUSE': {
      const hint = 'Stop what listens there, or take another port: PORT=3001';
      return new UserError(`${at} is taken`, { ...options, hint });
    }
    case 'EACCES': {
      const hint = 'Ports below 1024 are for root: PORT=3000, and a proxy before it';
      return new UserError(`${at} may not be listened on`, { ...options, hint });
    }
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN': {
      const hint = 'HOST is an address of this machine: 127.0.0.1, or 0.0.0.0 for all of them';
      return new UserError(`${at} is not an address of this machine`, { ...options, hint });
    }
    default:
      return error;
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function closeServer(server: Server, fresh: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  const unused = setTimeout(() => {
    for (const socket of fresh) socket.destroy();
  }, FRESH_MS_MAX);
  const late = setTimeout(() => server.closeAllConnections(), FINISH_MS_MAX);
  await closed;
  clearInterval(idle);
  clearTimeout(unused);
  clearTimeout(late);
}
