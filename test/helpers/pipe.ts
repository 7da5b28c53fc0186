import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** What a network may do to what is sent; nothing set: it passes. */
export type Fault = {
  /** Both ends stay open and nothing arrives, the end of a connection neither. */
  readonly hole?: boolean;
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
};

const HELD_BYTES_MAX = 64 * 1024;
const THROTTLED_CHUNK_BYTES = 512;

type Piece = { readonly bytes: Buffer; readonly at: number };

/** A socket that was ended cannot be reset: Node would keep its handle, and never exit. */
export function reset(socket: Socket): void {
  if (socket.writableEnded || socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

/** One direction of a connection, in order, whatever is done to it meanwhile. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #held: Piece[] = [];
  #heldBytes = 0;
  #fault: Fault;
  #end: 'open' | 'end' | 'reset' = 'open';
  #wake: () => void = () => undefined;

  constructor(from: Socket, to: Socket, fault: Fault) {
    this.#from = from;
    this.#to = to;
    this.#fault = fault;
    from.on('data', (bytes) => this.#hold(bytes));
    from.on('end', () => this.#ended('end'));
    from.on('error', () => this.#ended('reset'));
    from.on('close', (failed) => this.#ended(failed ? 'reset' : 'end'));
    to.on('error', () => undefined);
    to.on('close', () => this.#wake());
    void this.#run();
  }

  set(fault: Fault): void {
    this.#fault = fault;
    this.#wake();
  }

  #hold(bytes: Buffer): void {
    this.#held.push({ bytes, at: performance.now() });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause();
    this.#wake();
  }

  #ended(how: 'end' | 'reset'): void {
    if (this.#end === 'open') this.#end = how;
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#to.destroyed) {
      const piece = this.#fault.hole === true ? undefined : this.#held.shift();
      if (piece !== undefined) await this.#send(piece);
      else if (this.#end !== 'open' && this.#fault.hole !== true) break;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
    if (this.#end === 'reset') reset(this.#to);
    else this.#to.end();
  }

  async #send({ bytes, at }: Piece): Promise<void> {
    this.#heldBytes -= bytes.length;
    const { delayMs = 0, bytesPerSecond } = this.#fault;
    const early = at + delayMs - performance.now();
    if (early > 0) await pause(early);
    if (bytesPerSecond === undefined) await this.#write(bytes);
    else {
      for (let sent = 0; sent < bytes.length; sent += THROTTLED_CHUNK_BYTES) {
        await pause((THROTTLED_CHUNK_BYTES / bytesPerSecond) * 1000);
        await this.#write(bytes.subarray(sent, sent + THROTTLED_CHUNK_BYTES));
      }
    }
    if (this.#heldBytes <= HELD_BYTES_MAX) this.#from.resume();
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#to.destroyed || this.#to.write(bytes)) return;
    const over = new AbortController();
    const { signal } = over;
    await Promise.race([once(this.#to, 'drain', { signal }), once(this.#to, 'close', { signal })])
      .catch(() => undefined)
      .finally(() => over.abort());
  }
}
