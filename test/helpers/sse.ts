import { connect, type Socket } from 'node:net';
import { Recorder } from './frames.js';
import { ResponseParser } from './http-parser.js';
import { SseParser } from './sse-parser.js';

/** A reader on a bare socket: it sees every byte, and may stop reading. */

export type StreamRequest = {
  /** Where the server is, such as http://127.0.0.1:3000, with a prefix where it has one. */
  readonly base: string;
  readonly topics: readonly string[];
  /** Another stream than that of topics. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly token?: string | undefined;
  readonly lastEventId?: string | undefined;
  /** Another address of this machine to come from, such as 127.0.0.2. */
  readonly from?: string;
};

export type Stream = {
  readonly recorder: Recorder;
  readonly socket: Socket;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The answer only says when to come back. */
  readonly isTurnedAway: boolean;
  /** The body of an answer that is no stream. */
  body(): string;
  /** Stops reading: what comes fills the buffers of the network, then the server's. */
  pause(): void;
  resume(): void;
  close(): void;
};

const HEAD_DEADLINE_MS = 30_000;

/** Resolves when the head of the response is there, whatever it says. */
export async function openStream(request: StreamRequest, into?: Recorder): Promise<Stream> {
  const { base, from } = request;
  const url = new URL(base);
  const recorder = new Recorder(into);
  const frames = new SseParser(recorder);
  const local = from === undefined ? {} : { localAddress: from };
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, ...local });
  let text = '';
  const response = new ResponseParser((bytes, { headers }) => {
    if (headers.get('content-type')?.startsWith('text/event-stream')) frames.push(bytes);
    else text += Buffer.from(bytes).toString();
  });
  socket.on('data', (bytes) => {
    try {
      response.push(bytes);
      if (response.isOver) recorder.end('the response ended');
    } catch (error) {
      recorder.fault(String(error));
      socket.destroy();
    }
  });
  socket.on('end', () => recorder.end('the connection ended'));
  socket.on('error', (error) => recorder.end(`the connection failed: ${error.message}`));
  socket.on('close', () => {
    if (response.isOver && !frames.isWhole) recorder.fault('half a frame at the end');
    recorder.end('the connection was closed');
  });
  socket.write(requestText(url, request));
  const head = await headOf(socket, response, recorder);
  return {
    recorder,
    socket,
    ...head,
    isTurnedAway: head.status === 200 && head.headers.has('content-length'),
    body: () => text,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.destroy(),
  };
}

export function streamPath(url: URL, request: Pick<StreamRequest, 'topics' | 'query'>): string {
  const query = new URLSearchParams([
    ...request.topics.map((topic): [string, string] => ['topic', topic]),
    ...Object.entries(request.query ?? {}),
  ]);
  return `${url.pathname.replace(/\/$/, '')}/v1/stream?${query}`;
}

export function streamHeaders(request: StreamRequest): Record<string, string> {
  const { token, lastEventId, headers = {} } = request;
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    ...headers,
  };
}

function requestText(url: URL, request: StreamRequest): string {
  const headers = Object.entries({
    host: url.host,
    accept: 'text/event-stream',
    ...streamHeaders(request),
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${request.path ?? streamPath(url, request)} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

async function headOf(socket: Socket, response: ResponseParser, recorder: Recorder) {
  return await new Promise<{ status: number; headers: ReadonlyMap<string, string> }>(
    (resolve, reject) => {
      const timer = setTimeout(() => fail(`within ${HEAD_DEADLINE_MS} ms`), HEAD_DEADLINE_MS);
      const fail = (when: string) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new Error(`the stream's response did not come ${when}`));
      };
      const look = () => {
        if (response.head !== undefined) {
          clearTimeout(timer);
          socket.off('data', look);
          resolve(response.head);
        }
      };
      socket.on('data', look);
      socket.once('close', () => {
        if (response.head === undefined) fail(`: ${recorder.ended?.why ?? 'closed'}`);
      });
    },
  );
}
