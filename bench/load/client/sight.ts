import { now } from '../lib/clock.js';

/** What one user has seen, and when: of each number the values that were larger than any before. */
export class Sight {
  readonly arrivals: number[][];
  readonly #patterns: readonly RegExp[];
  readonly #highest: number[];

  constructor(patterns: readonly RegExp[]) {
    this.#patterns = patterns;
    this.arrivals = patterns.map(() => []);
    this.#highest = patterns.map(() => Number.NEGATIVE_INFINITY);
  }

  /** Whether there is anything new. */
  look(text: string): boolean {
    let isNew = false;
    for (const [index, pattern] of this.#patterns.entries()) {
      let value = Number.NEGATIVE_INFINITY;
      for (const [, digits] of text.matchAll(pattern)) value = Math.max(value, Number(digits));
      if (value <= (this.#highest[index] ?? 0)) continue;
      this.#highest[index] = value;
      this.arrivals[index]?.push(value, now());
      isNew = true;
    }
    return isNew;
  }
}
