/** What came over one stream, in order, with waiting for what is still to come. */

export type Frame = {
  /** performance.now() when it was complete. */
  readonly at: number;
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
};

export type Update = {
  readonly topic: string;
  /** JSON text: a number may be too big for a double. */
  readonly value: string;
  readonly version: number;
};

const DEADLINE_MS = 30_000;
const TIMER_MS_MAX = 2_147_483_647;
const UPDATE =
  /^\{"topic":("(?:[^"\\]|\\.)*"),"(?:value":-?\d+|body":.+),"version":(?:0|[1-9]\d*)\}$/s;
const PARTS = /^\{"topic":("(?:[^"\\]|\\.)*"),"(?:value|body)":(.+),"version":(\d+)\}$/s;

export function updateOf(frame: Frame): Update {
  const [, topic, value, version] = UPDATE.test(frame.data) ? (PARTS.exec(frame.data) ?? []) : [];
  if (topic === undefined || value === undefined) {
    throw new Error(`an update should hold topic, value or body, version, and holds ${frame.data}`);
  }
  return { topic: String(JSON.parse(topic)), value, version: Number(version) };
}

type Waiter = { look(): boolean; fail(error: Error): void };

export class Recorder {
  readonly frames: Frame[] = [];
  readonly comments: number[] = [];
  readonly retries: number[] = [];
  /** What should not have come, in words. */
  readonly faults: string[] = [];
  readonly #values = new Map<string, Update>();
  readonly #waiters = new Set<Waiter>();
  readonly #into: Recorder | undefined;
  #ended: { readonly at: number; readonly why: string } | undefined;

  /** What comes here is added to another one too: a client's, over all its connections. */
  constructor(into?: Recorder) {
    this.#into = into;
  }

  /** When it ended, and how; undefined while it is open. */
  get ended(): { readonly at: number; readonly why: string } | undefined {
    return this.#ended;
  }

  get lastId(): string | undefined {
    return this.frames.findLast(({ id }) => id !== undefined)?.id;
  }

  add(frame: Frame): void {
    this.frames.push(frame);
    this.#into?.add(frame);
    if (frame.event === 'update') this.#note(frame);
    this.#look();
  }

  comment(at: number): void {
    this.comments.push(at);
    this.#into?.comment(at);
    this.#look();
  }

  retry(ms: number): void {
    this.retries.push(ms);
    this.#into?.retry(ms);
  }

  fault(what: string): void {
    this.faults.push(what);
    this.#into?.faults.push(what);
  }

  end(why: string): void {
    this.#ended ??= { at: performance.now(), why };
    this.#look();
  }

  /** The newest value of a topic, as JSON text. */
  last(topic: string): string | undefined {
    return this.#values.get(topic)?.value;
  }

  version(topic: string): number | undefined {
    return this.#values.get(topic)?.version;
  }

  count(event: string): number {
    return this.frames.filter((frame) => frame.event === event).length;
  }

  /** The first frame after the first `skip` that is as wished. */
  async until(
    wished: (frame: Frame) => boolean,
    options: { what?: string; deadlineMs?: number; skip?: number } = {},
  ): Promise<Frame> {
    const { what = 'the frame', skip = 0 } = options;
    let from = skip;
    return await this.when(
      () => {
        for (; from < this.frames.length; from += 1) {
          const frame = this.frames[from];
          if (frame !== undefined && wished(frame)) return frame;
        }
        return undefined;
      },
      { ...options, what },
    );
  }

  /** Waits for one more `sync` than there are now, or than `count`. */
  async sync(count = this.count('sync') + 1): Promise<void> {
    await this.when(() => this.count('sync') >= count, { what: `sync number ${count}` });
  }

  async value(topic: string, value: number | string, deadlineMs = DEADLINE_MS): Promise<void> {
    const wanted = String(value);
    const what = `${topic} = ${wanted}`;
    await this.when(() => this.last(topic) === wanted, { what, deadlineMs });
  }

  async over(deadlineMs = DEADLINE_MS): Promise<{ at: number; why: string }> {
    return await this.when(() => this.#ended, { what: 'the end', deadlineMs, evenEnded: true });
  }

  /** Looks after each frame until there is something; fails at the deadline, and at the end. */
  async when<T>(
    look: () => T | undefined | false,
    options: { what?: string; deadlineMs?: number; evenEnded?: boolean } = {},
  ): Promise<T> {
    const { what = 'what was waited for', deadlineMs = DEADLINE_MS, evenEnded = false } = options;
    return await new Promise<T>((resolve, reject) => {
      const over = (act: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        act();
      };
      const fail = (error: Error) => over(() => reject(error));
      const waiter: Waiter = {
        fail,
        look: () => {
          const seen = look();
          if (seen !== undefined && seen !== false) over(() => resolve(seen));
          else if (this.#ended !== undefined && !evenEnded) fail(this.#missing(what, 'the end'));
          return true;
        },
      };
      // A timer takes no more than that: a longer one would fire at once.
      const timer = setTimeout(
        () => fail(this.#missing(what, `${deadlineMs} ms`)),
        Math.min(deadlineMs, TIMER_MS_MAX),
      );
      this.#waiters.add(waiter);
      waiter.look();
    });
  }

  #missing(what: string, before: string): Error {
    const tail = this.frames.slice(-5).map(({ event, data }) => `${event} ${data.slice(0, 200)}`);
    const ended = this.#ended === undefined ? '' : `; it ended: ${this.#ended.why}`;
    return new Error(`${what} did not come before ${before}${ended}; last:\n${tail.join('\n')}`);
  }

  #note(frame: Frame): void {
    try {
      const update = updateOf(frame);
      this.#values.set(update.topic, update);
    } catch (error) {
      this.faults.push(String(error));
    }
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) waiter.look();
  }
}
