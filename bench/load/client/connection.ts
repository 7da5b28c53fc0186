import { connect, type Socket } from 'node:net';
import { now } from '../lib/clock.js';

/** So many addresses of this machine as senders: a server limits the streams of each. */
const ADDRESSES = 20;

export type Heard = {
  readonly status: number;
  readonly etag: string | undefined;
  /** In latin1: bytes are characters. */
  readonly body: string;
  /** When the first byte of the request left, and when the last of the answer was here. */
  readonly sentAt: number;
  readonly at: number;
};

type Asked = { readonly path: string; readonly head: string; hear(heard: Heard): void };

/** One user's connection, kept alive: what is asked while it is busy waits for its turn. */
export class Connection {
  readonly #port: number;
  readonly #index: number;
  /** A server closes what is idle for long; whoever comes back connects anew. */
  #socket: Socket | undefined;
  readonly #failed: (why: string) => void;
  readonly #waiting: Asked[] = [];
  #asked: Asked | undefined;
  #sentAt = 0;
  #text = '';
  #closing = false;

  constructor(port: number, index: number, failed: (why: string) => void) {
    this.#port = port;
    this.#index = index;
    this.#failed = failed;
  }

  /** `head` is lines of header fields, each with its end. */
  get(path: string, head: string, hear: (heard: Heard) => void): void {
    this.#waiting.push({ path, head, hear });
    if (this.#asked === undefined) this.#sendNext();
  }

  close(): void {
    this.#closing = true;
    this.#socket?.destroy();
  }

  #sendNext(): void {
    this.#asked = this.#waiting.shift();
    if (this.#asked === undefined) return;
    this.#sentAt = now();
    this.#socket ??= this.#open();
    this.#socket.write(requestText(this.#port, this.#asked.path, this.#asked.head), 'latin1');
  }

  #open(): Socket {
    const socket = openSocket(this.#port, this.#index);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(text));
    socket.once('error', (error) => this.#lost(socket, error.message));
    socket.once('close', () => this.#lost(socket, 'it was closed'));
    return socket;
  }

  #read(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#text.slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    const length = status === 304 ? 0 : lengthOf(head);
    if (length === undefined) {
      this.#failed(`no Content-Length: ${head.slice(0, 500)}`);
      return;
    }
    const end = headEnd + 4 + length;
    if (this.#text.length < end) return;
    const body = this.#text.slice(headEnd + 4, end);
    this.#text = this.#text.slice(end);
    const etag = /\r\netag: (.*)/i.exec(head)?.[1];
    this.#asked?.hear({ status, etag, body, sentAt: this.#sentAt, at: now() });
    this.#sendNext();
  }

  #lost(socket: Socket, why: string): void {
    // The one that was opened instead knows nothing of it.
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#asked !== undefined && !this.#closing) this.#failed(`${this.#asked.path}: ${why}`);
  }
}

export function openSocket(port: number, index: number): Socket {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ...(process.platform === 'linux' && { localAddress: `127.0.0.${2 + (index % ADDRESSES)}` }),
  });
  socket.setNoDelay(true);
  return socket;
}

export function requestText(port: number, path: string, head: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}\r\n`;
}

function lengthOf(head: string): number | undefined {
  const digits = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
