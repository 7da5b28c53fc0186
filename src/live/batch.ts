import { type Topic, topicText } from './topic.js';

/**
 * While a query runs, reads gather for the next, so that a thousand share one: a query costs more
 * than all that is done for a read besides. But a slow one holds nobody up for longer than this.
 */
const GATHER_MS_MAX = 5;
const QUERIES_AT_ONCE_MAX = 4;
const TOPICS_PER_QUERY_MAX = 10_000;

/** The topics of one query to come, each once, and the promise of its answer. */
export class Batch<Answer> {
  readonly topics: Topic[] = [];
  readonly names: string[] = [];
  readonly scopes: string[] = [];
  readonly answer: Promise<Answer>;
  readonly #places = new Map<string, number>();
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
      (answer) => () => full.resolve(answer),
      (error: Error) => () => full.reject(error),
    );
    running -= 1;
    if (batch.isEmpty) return give();
    // The next is on its way, on the pool's own next tick, before a thousand answers are written.
    void send();
    process.nextTick(give);
  };
  const sendSoon = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => void send());
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
