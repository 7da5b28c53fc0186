export type Head = { readonly status: number; readonly headers: ReadonlyMap<string, string> };

/** One HTTP/1.1 response, from bytes as they come; it throws where the other side is wrong. */
export class ResponseParser {
  readonly #body: (bytes: Uint8Array, head: Head) => void;
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  /** Bytes that are left of the chunk, or of a body of known length. */
  #left = 0;
  #over = false;

  constructor(body: (bytes: Uint8Array, head: Head) => void) {
    this.#body = body;
  }

  get head(): Head | undefined {
    return this.#head;
  }

  /** The last chunk came, or as many bytes as were promised. */
  get isOver(): boolean {
    return this.#over;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#head === undefined && !this.#readHead()) return;
    const head = this.#head;
    if (head === undefined || this.#over) return;
    if (head.headers.get('transfer-encoding') === 'chunked') this.#readChunks(head);
    else this.#readPlain(head);
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [first = '', ...lines] = this.#rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]);
    if (!Number.isInteger(status)) throw new Error(`no status line: ${first}`);
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    this.#head = { status, headers };
    this.#rest = this.#rest.subarray(end + 4);
    this.#left = Number(headers.get('content-length') ?? Number.POSITIVE_INFINITY);
    if (headers.get('transfer-encoding') === 'chunked') this.#left = 0;
    if (status === 304 || status === 204) this.#over = true;
    return true;
  }

  #readPlain(head: Head): void {
    const bytes = this.#rest.subarray(0, this.#left);
    this.#left -= bytes.length;
    this.#rest = this.#rest.subarray(bytes.length);
    if (bytes.length > 0) this.#body(bytes, head);
    if (this.#left <= 0) this.#over = true;
  }

  #readChunks(head: Head): void {
    for (;;) {
      if (this.#left > 0) {
        const bytes = this.#rest.subarray(0, this.#left);
        if (bytes.length === 0) return;
        this.#left -= bytes.length;
        this.#rest = this.#rest.subarray(bytes.length);
        this.#body(bytes, head);
        if (this.#left > 0) return;
        this.#left = -1;
      }
      if (this.#left < 0) {
        // The line end behind a chunk.
        if (this.#rest.length < 2) return;
        this.#rest = this.#rest.subarray(2);
        this.#left = 0;
      }
      const end = this.#rest.indexOf('\r\n');
      if (end < 0) return;
      const size = this.#rest.subarray(0, end).toString('latin1');
      if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`no chunk size: ${size}`);
      this.#rest = this.#rest.subarray(end + 2);
      this.#left = Number.parseInt(size, 16);
      if (this.#left === 0) {
        this.#over = true;
        return;
      }
    }
  }
}
