import { connect, type Socket } from 'node:net';
import type { Target } from './protocol.js';

/** Streams that are being opened at the same time: enough to be quick, below any backlog. */
const OPENING_MAX = 200;
/** So many addresses of this machine as senders: a server limits the streams of each. */
const ADDRESSES = 20;
const READ_BYTES = 16 * 1024;

export type Receipt = { readonly first: bigint; readonly half: bigint; readonly last: bigint };

/**
 * Thousands of open streams, as cheaply as JavaScript can: all read into one buffer, and nothing
 * is looked at but whether some bytes are there. The client shares two processors with the server.
 */
export class Streams {
  readonly #target: Target;
  readonly #failed: (message: string) => void;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #sockets: Socket[] = [];
  /** The end of what came before, where it may hold the beginning of what is looked for. */
  #tails: (Buffer | undefined)[] = [];
  #has = new Uint8Array(0);
  #needle: Buffer = Buffer.alloc(0);
  #left = 0;
  #first = 0n;
  #half = 0n;
  #received: (receipt: Receipt) => void = () => undefined;
  #closing = false;

  constructor(target: Target, failed: (message: string) => void) {
    this.#target = target;
    this.#failed = failed;
  }

  async open(count: number): Promise<void> {
    const opened = this.watch(Buffer.from(this.#target.ready, 'latin1'), count);
    let next = 0;
    let pending = 0;
    const more = () => {
      while (pending < OPENING_MAX && next < count) {
        pending += 1;
        this.#sockets.push(this.#connect(next, answered));
        next += 1;
      }
    };
    const answered = () => {
      pending -= 1;
      more();
    };
    more();
    await opened;
  }

  /** Resolves when each stream has got these bytes once, counted from now. */
  watch(needle: Buffer, count = this.#sockets.length): Promise<Receipt> {
    this.#needle = needle;
    this.#has = new Uint8Array(count);
    this.#tails = new Array<Buffer | undefined>(count);
    this.#left = count;
    return new Promise((resolve) => {
      this.#received = resolve;
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    const open = this.#sockets.filter((socket) => !socket.closed);
    const closed = open.map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const socket of open) socket.destroy();
    await Promise.all(closed);
  }

  #connect(index: number, answered: () => void): Socket {
    let first = true;
    const socket = connect({
      host: '127.0.0.1',
      port: this.#target.port,
      ...(process.platform === 'linux' && { localAddress: `127.0.0.${2 + (index % ADDRESSES)}` }),
      onread: {
        buffer: this.#buffer,
        callback: (bytes) => {
          const chunk = this.#buffer.subarray(0, bytes);
          if (first) {
            first = false;
            answered();
          }
          this.#look(index, chunk);
          return true;
        },
      },
    });
    socket.setNoDelay(true);
    socket.once('connect', () => socket.write(this.#target.request, 'latin1'));
    socket.once('error', (error) => this.#lost(index, error.message));
    socket.once('close', () => this.#lost(index, 'it was closed'));
    return socket;
  }

  #look(index: number, chunk: Buffer): void {
    if (this.#left === 0 || this.#has[index] === 1) return;
    const tail = this.#tails[index];
    const text = tail === undefined ? chunk : Buffer.concat([tail, chunk]);
    if (!text.includes(this.#needle)) {
      this.#greet(index, text);
      this.#tails[index] = Buffer.from(text.subarray(-this.#needle.length));
      return;
    }
    this.#has[index] = 1;
    this.#left -= 1;
    this.#note();
  }

  #note(): void {
    const count = this.#has.length;
    if (this.#left === count - 1) this.#first = process.hrtime.bigint();
    if (this.#left === Math.floor(count / 2)) this.#half = process.hrtime.bigint();
    if (this.#left > 0) return;
    const last = process.hrtime.bigint();
    this.#received({ first: this.#first, half: this.#half, last });
  }

  #greet(index: number, text: Buffer): void {
    const { reply } = this.#target;
    if (reply === undefined || !text.includes(reply.greeting, 0, 'latin1')) return;
    this.#sockets[index]?.write(reply.bytes, 'latin1');
  }

  #lost(index: number, why: string): void {
    if (!this.#closing) this.#failed(`stream ${index + 1} of ${this.#sockets.length}: ${why}`);
  }
}
