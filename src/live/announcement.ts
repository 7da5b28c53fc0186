import { z } from 'zod';
import { type Topic, topicOf } from './topic.js';

const payload = z.object({
  pulse: z.int().positive(),
  part: z.int().positive(),
  parts: z.int().positive(),
  changes: z.array(
    z.union([z.tuple([z.string(), z.string(), z.number()]), z.tuple([z.string(), z.string()])]),
  ),
});

/** json is undefined where the value must be read: of a summary, or a number too large here. */
export type Announced = { readonly topic: Topic; readonly json: string | undefined };

export type Announcement = { readonly pulse: number; readonly changes: readonly Announced[] };

/** Puts the parts of a pulse's announcement together. */
export class Assembler {
  #pulse = 0;
  #parts = new Map<number, readonly Announced[]>();

  /** The whole announcement once its last part is there. Throws on what no pulse can have said. */
  add(text: string): Announcement | undefined {
    const said = payload.parse(JSON.parse(text));
    if (said.pulse !== this.#pulse) this.reset();
    this.#pulse = said.pulse;
    this.#parts.set(said.part, said.changes.flatMap(announced));
    if (this.#parts.size < said.parts) return undefined;
    const changes = [...this.#parts.values()].flat();
    this.reset();
    return { pulse: said.pulse, changes };
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
