import { z } from 'zod';
import { type Topic, topicOf } from './topic.js';

const payload = z
  .object({
    pulse: z.int().positive(),
    part: z.int().positive(),
    parts: z.int().positive(),
    changes: z.array(
      z.union([z.tuple([z.string(), z.string(), z.number()]), z.tuple([z.string(), z.string()])]),
    ),
  })
  .refine(({ part, parts }) => part <= parts);

/** json is undefined where the value must be read: of a summary, or a number too large here. */
export type Announced = { readonly topic: Topic; readonly json: string | undefined };

export type Announcement = {
  readonly pulse: number;
  readonly changes: readonly Announced[];
  /** It came in several parts, and nobody can tell whether all of them are of one sender. */
  readonly isJoined: boolean;
};

/** Puts the parts of a pulse's announcement together. */
export class Assembler {
  readonly #onStart: (pulse: number) => void;
  #pulse = 0;
  #of = 0;
  #parts = new Map<number, readonly Announced[]>();

  /** Told of each first part: of a pulse twice where a part does not go with those before it. */
  constructor(onStart: (pulse: number) => void = () => undefined) {
    this.#onStart = onStart;
  }

  /** The whole announcement once its last part is there. Throws on what no pulse can have said. */
  add(text: string): Announcement | undefined {
    const said = payload.parse(JSON.parse(text));
    const isNext = said.pulse === this.#pulse && said.parts === this.#of;
    if (!isNext || this.#parts.has(said.part)) this.reset();
    if (this.#parts.size === 0) this.#onStart(said.pulse);
    this.#pulse = said.pulse;
    this.#of = said.parts;
    this.#parts.set(said.part, said.changes.flatMap(announced));
    if (this.#parts.size < said.parts) return undefined;
    const changes = [...this.#parts.values()].flat();
    this.reset();
    return { pulse: said.pulse, changes, isJoined: said.parts > 1 };
  }

  /** Parts of before an outage belong to nothing any more. */
  reset(): void {
    this.#pulse = 0;
    this.#parts = new Map();
  }
}

function announced([name, scope, value]: readonly [string, string, number?]): Announced[] {
  const topic = topicOf(name, scope);
  if (topic === undefined) return [];
  return [{ topic, json: Number.isSafeInteger(value) ? String(value) : undefined }];
}
