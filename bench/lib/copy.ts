import type pg from 'pg';

const CHUNK_BYTES = 64 * 1024;

/**
 * COPY … FROM STDIN with everything in memory: a client's bulk load, without a package for it.
 * node-postgres calls these methods by their names.
 */
class CopyIn implements pg.Submittable {
  readonly #text: string;
  readonly #data: Buffer;
  readonly #done: (error?: Error) => void;

  constructor(text: string, data: Buffer, done: (error?: Error) => void) {
    this.#text = text;
    this.#data = data;
    this.#done = done;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  handleCopyInResponse(connection: pg.Connection): void {
    for (let from = 0; from < this.#data.length; from += CHUNK_BYTES) {
      const chunk = this.#data.subarray(from, from + CHUNK_BYTES);
      connection.stream.write(message('d', chunk.length));
      connection.stream.write(chunk);
    }
    connection.stream.write(message('c', 0));
  }

  handleCommandComplete(): void {
    // What matters comes after it: the server is ready for the next query.
  }

  handleReadyForQuery(): void {
    this.#done();
  }

  handleError(error: Error): void {
    this.#done(error);
  }
}

function message(kind: 'd' | 'c', bodyBytes: number): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeInt32BE(bodyBytes + 4, 1);
  return head;
}

export async function copyIn(client: pg.Client, text: string, data: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error) => (error === undefined ? resolve() : reject(error));
    client.query(new CopyIn(text, data, done));
  });
}
