import { type Topic, topicText } from './topic.js';

/**
 * While a query runs, reads gather for the next, so that a thousand share one: a query costs more
 * than all that is done for a read besides. But a slow one holds nobody up for longer than this.
 */
const GATHER_MS_MAX = 5;
const QUERIES_AT_ONCE_MAX = 4;
export const TOPICS_PER_QUERY_MAX = 10_000;

/** What so many wait for together: the least that is answered between two looks at the sockets. */
const WAITERS_PER_SHARE = 8;

/** Some of those who wait for one answer. */
class Share<Answer> {
  readonly answer: Promise<Answer>;
  waiters = 0;
  resolve: (answer: Answer) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;

  constructor() {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever reads hears of it; a batch that nobody waits for any more is no unhandled failure.
    this.answer.catch(() => undefined);
  }
}

/** The topics of one query to come, each once, and the promises of its answer. */
export class Batch<Answer> {
  readonly topics: Topic[] = [];
  readonly names: string[] = [];
  readonly scopes: string[] = [];
  readonly shares: Share<Answer>[] = [];
  readonly #places = new Map<string, number>();
  #share = new Share<Answer>();

  get answer(): Promise<Answer> {
    if (this.#share.waiters === WAITERS_PER_SHARE) this.#share = new Share();
    if (this.#share.waiters === 0) this.shares.push(this.#share);
    this.#share.waiters += 1;
    return this.#share.answer;
  }

  get isEmpty(): boolean {
    return this.topics.length === 0;
  }

  add(topic: Topic): number {
    const text = topicText(topic);
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    const place = this.topics.length;
    this.#places.set(text, place);
    this.topics.push(topic);
    this.names.push(topic.name);
    this.scopes.push(topic.scope);
    return place;
  }
}

export type Gathered<Answer> = { answer: Answer; places: readonly number[] };

/** Asks for what was gathered, and says where in the answer each has its own. */
export function gatherer<Answer>(ask: (batch: Batch<Answer>) => Promise<Answer>) {
  let batch = new Batch<Answer>();
  let isScheduled = false;
  let gathering: NodeJS.Timeout | undefined;
  let running = 0;

  const send = async () => {
    isScheduled = false;
    clearTimeout(gathering);
    gathering = undefined;
    if (running >= QUERIES_AT_ONCE_MAX || batch.isEmpty) return;
    const full = batch;
    batch = new Batch<Answer>();
    running += 1;
    const give = await ask(full).then(
      (answer) => (share: Share<Answer>) => share.resolve(answer),
      (error: Error) => (share: Share<Answer>) => share.reject(error),
    );
    // What has arrived together with this answer is read first, and is in the next query.
    setImmediate(() => {
      running -= 1;
      void send();
    });
    // In the same phase, and after all that was due at once: that query is on its way, and runs
    // while these are written.
    setImmediate(() => handOut(full.shares, give));
  };
  const handOut = (shares: Share<Answer>[], give: (share: Share<Answer>) => void) => {
    if (running > 0 || shares.length === 1) {
      shares.forEach(give);
      return;
    }
    const half = Math.ceil(shares.length / 2);
    shares.slice(0, half).forEach(give);
    setImmediate(() => {
      if (running === 0) void send();
    });
    setImmediate(() => shares.slice(half).forEach(give));
  };
  const sendSoon = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      if (isScheduled) void send();
    });
  };

  const hasRoom = (topics: number) =>
    batch.isEmpty || batch.topics.length + topics <= TOPICS_PER_QUERY_MAX;
  const room = async (topics: number) => {
    while (!hasRoom(topics)) await batch.answer.catch(() => undefined);
  };
  const schedule = () => {
    if (running === 0) sendSoon();
    else gathering ??= setTimeout(() => void send(), GATHER_MS_MAX);
  };

  return {
    all: async (topics: readonly Topic[]): Promise<Gathered<Answer>> => {
      if (!hasRoom(topics.length)) await room(topics.length);
      const mine = batch;
      const places = topics.map((topic) => mine.add(topic));
      schedule();
      return { answer: await mine.answer, places };
    },
    /** Not async, and whether there is room or not: of these there are no more than connections. */
    one: (topic: Topic): { answer: Promise<Answer>; place: number } => {
      const { answer } = batch;
      const place = batch.add(topic);
      schedule();
      return { answer, place };
    },
  };
}
