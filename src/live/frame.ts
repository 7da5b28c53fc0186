/** What goes over a stream, as bytes, made once for all who get it. */

const COMMENT = ':\n\n';
const LINE_END = Buffer.from('\r\n');

/**
 * Bytes of a stream together with their envelope of HTTP/1.1's chunked coding, so that a socket
 * gets both in one write and ten thousand sockets share one buffer.
 */
export class Chunk {
  readonly enveloped: Buffer;
  readonly #start: number;

  constructor(parts: readonly Buffer[]) {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const head = Buffer.from(`${length.toString(16)}\r\n`);
    this.enveloped = Buffer.concat([head, ...parts, LINE_END]);
    this.#start = head.length;
  }

  get plain(): Buffer {
    return this.enveloped.subarray(this.#start, -LINE_END.length);
  }
}

/** A stream's position: what its client sends back as Last-Event-ID. */
export function idOf(history: string, pulse: number): string {
  return `${history}.${pulse}`;
}

/** The pulse of an id of this history; undefined for everything that cannot be gone on from. */
export function pulseOf(id: string, history: string, last: number): number | undefined {
  const [, prefix, digits] = /^([0-9a-f]{1,16})\.(\d{1,15})$/.exec(id) ?? [];
  const pulse = Number(digits);
  return prefix === history && pulse > 0 && pulse <= last ? pulse : undefined;
}

export function updateHead(id: string): Buffer {
  return Buffer.from(`event: update\nid: ${id}\n`);
}

/** The rest of an update, whatever its id. A counter has a value, a summary a body. */
export function updateData(topic: string, kind: string, json: string, version: number): Buffer {
  const field = kind === 'summary' ? 'body' : 'value';
  const data = `{"topic":${JSON.stringify(topic)},"${field}":${json},"version":${version}}`;
  // A document may hold line ends between its tokens; each line of data needs its own field.
  return Buffer.from(`data: ${data.replace(/\r\n|\r|\n/g, '\ndata: ')}\n\n`);
}

export function syncFrame(id: string, pulse: number): Buffer {
  return Buffer.from(`event: sync\nid: ${id}\ndata: {"pulse":${pulse}}\n\n`);
}

/** No id: it says nothing about how far the stream has come. */
export function noticeFrame(event: string, data: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

export function retryFrame(ms: number): Buffer {
  return Buffer.from(`retry: ${ms}\n\n`);
}

/** Proxies and clients see that the stream is alive; EventSource shows it to nobody. */
export const HEARTBEAT = new Chunk([Buffer.from(COMMENT)]);
