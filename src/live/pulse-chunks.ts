import { Chunk, idOf, syncFrame, updateHead } from './frame.js';
import type { HubTopic } from './hub-topic.js';

export type Span = {
  readonly history: string;
  readonly pulse: number;
  /** The pulses that the ids name: what the client has before it, and after it. */
  readonly from: number;
  readonly to: number;
};

/** One pulse's chunks by what is in them: most sessions wait for the same topics. */
export class PulseChunks {
  readonly #chunks = new Map<string, Chunk>();

  clear(): void {
    this.#chunks.clear();
  }

  /**
   * All but the last update carry the id before: a client that is cut off between two of them
   * comes back with it, and gets them all again.
   */
  of(topics: readonly HubTopic[], { history, pulse, from, to }: Span): Chunk {
    const key = `${from} ${to} ${topics.map(({ text }) => text).join('\n')}`;
    const known = this.#chunks.get(key);
    if (known !== undefined) return known;
    const head = updateHead(idOf(history, from));
    const last = updateHead(idOf(history, to));
    const updates = topics.flatMap(({ data }, at) => [at < topics.length - 1 ? head : last, data]);
    const chunk = new Chunk([...updates, syncFrame(idOf(history, to), pulse)]);
    this.#chunks.set(key, chunk);
    return chunk;
  }
}
