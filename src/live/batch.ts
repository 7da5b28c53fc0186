import { type Topic, topicText } from './topic.js';

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
