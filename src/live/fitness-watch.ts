import { ConnectionError, UserError } from '../errors.js';
import { ReadOnlyError } from './fitness.js';

/** What is wrong with a database that answers. */
export type Misfit = 'engine' | 'read-only';

/** Asking takes a session of its own: what was wrong is asked again this often. */
const AGAIN_MS = 2000;

/**
 * Whether the database is one that this server can serve. It is asked when the database's life is
 * another one, when a write found it read-only, and then until nothing is wrong any more.
 */
export class FitnessWatch {
  misfit: Misfit | undefined;
  readonly #isFit: () => Promise<void>;
  readonly #onFit: () => void;
  #askedFor: string | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isSuspect = false;

  /**
   * isFit rejects with what is wrong; onFit hears that nothing is wrong any more, also where the
   * spell of it was over before anybody asked.
   */
  constructor(isFit: () => Promise<void>, onFit: () => void) {
    this.#isFit = isFit;
    this.#onFit = onFit;
  }

  suspect(): void {
    this.#isSuspect = true;
  }

  /** Nobody answers, so nobody can say what is wrong. */
  forget(): void {
    this.misfit = undefined;
    this.#askedFor = undefined;
  }

  async look(history: string): Promise<void> {
    const isWorthAsking = this.#isSuspect || this.misfit !== undefined;
    const isDue = isWorthAsking && performance.now() - this.#askedAt >= AGAIN_MS;
    if (history === this.#askedFor && !isDue) return;
    this.#askedFor = history;
    this.#askedAt = performance.now();
    const wasSuspect = this.#isSuspect;
    this.#isSuspect = false;
    try {
      await this.#isFit();
      if (wasSuspect || this.misfit !== undefined) this.#onFit();
      this.misfit = undefined;
    } catch (error) {
      // A database that cannot be reached is no fault of what is in it: ask again.
      const isOfTheDatabase = error instanceof UserError && !(error instanceof ConnectionError);
      if (!isOfTheDatabase) this.#isSuspect = true;
      else this.misfit = error instanceof ReadOnlyError ? 'read-only' : 'engine';
    }
  }
}
