import type { Recorder } from './frames.js';

const FIELD = /^(event|id|data|retry): (.*)$/s;
const RETRY = /^[1-9]\d*$/;

/**
 * Reads a stream more strictly than a browser does: a line that a browser would skip in silence is
 * a fault here, as it means that something else was meant.
 */
export class SseParser {
  readonly #recorder: Recorder;
  #rest = '';
  #block: string[] = [];
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#finish();
      else this.#block.push(line);
    }
  }

  /** A stream that ends well ends with a blank line. */
  get isWhole(): boolean {
    return this.#rest === '' && this.#block.length === 0;
  }

  #finish(): void {
    const block = this.#block;
    this.#block = [];
    const at = performance.now();
    const fields = new Map<string, string>();
    for (const line of block) {
      if (line.includes('\r')) this.#fault(`a carriage return in ${JSON.stringify(line)}`);
      if (line.startsWith(':')) {
        this.#recorder.comment(at);
        continue;
      }
      const [, name, value] = FIELD.exec(line) ?? [];
      if (name === undefined || value === undefined)
        this.#fault(`a line that says nothing: ${line}`);
      else if (name === 'data' && fields.has(name)) {
        fields.set(name, `${fields.get(name)}\n${value}`);
      } else if (fields.has(name)) this.#fault(`two lines of ${name} in one frame: ${line}`);
      else fields.set(name, value);
    }
    this.#take(fields, at);
  }

  #take(fields: ReadonlyMap<string, string>, at: number): void {
    const retry = fields.get('retry');
    if (retry !== undefined) {
      if (RETRY.test(retry)) this.#recorder.retry(Number(retry));
      else this.#fault(`retry is ${retry}, and no whole number of ms`);
    }
    const data = fields.get('data');
    if (data === undefined) {
      if (fields.has('event') || fields.has('id')) this.#fault('a frame without data is ignored');
      return;
    }
    try {
      JSON.parse(data);
    } catch {
      this.#fault(`data is no JSON: ${data}`);
    }
    this.#recorder.add({ at, event: fields.get('event') ?? 'message', id: fields.get('id'), data });
  }

  #fault(what: string): void {
    this.#recorder.fault(what);
  }
}
