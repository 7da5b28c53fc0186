import { ConnectionError, UserError } from '../errors.js';
import { ReadOnlyError } from './fitness.js';

/** What is wrong with a database that answers. */
export type Misfit = 'engine' | 'read-only';

/** Asking takes a session of its own: what was wrong is asked again this often. */
const AGAIN_MS = 2000;

/** Where nothing is wrong by then, and writes are refused all the same, new sessions do not help. */
const SUSPICION_MS = 30_000;

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
  /** Somebody said that he may not write; told of once in a while. */
  #isSuspect = false;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #mustAskAgain = false;

  /**
   * isFit rejects with what is wrong; onFit hears that nothing is wrong any more, also where the
   * spell of it was over before anybody asked.
   */
  constructor(isFit: () => Promise<void>, onFit: () => void) {
    this.#isFit = isFit;
    this.#onFit = onFit;
  }

  suspect(): void {
    if (this.misfit !== undefined || performance.now() - this.#suspectedAt < SUSPICION_MS) return;
    this.#suspectedAt = performance.now();
    this.#isSuspect = true;
  }

  /** Nobody answers, so nobody can say what is wrong. */
  forget(): void {
    this.misfit = undefined;
    this.#askedFor = undefined;
  }

  async look(history: string): Promise<void> {
    const isWorthAsking = this.#isSuspect || this.#mustAskAgain || this.misfit !== undefined;
    const isDue = isWorthAsking && performance.now() - this.#askedAt >= AGAIN_MS;
    if (history === this.#askedFor && !isDue) return;
    this.#askedFor = history;
    this.#askedAt = performance.now();
    this.#mustAskAgain = false;
    try {
      await this.#isFit();
      const isOver = this.#isSuspect || this.misfit !== undefined;
      this.#isSuspect = false;
      this.misfit = undefined;
      if (isOver) this.#onFit();
    } catch (error) {
      // A database that cannot be reached is no fault of what is in it: ask again.
      const isOfTheDatabase = error instanceof UserError && !(error instanceof ConnectionError);
      if (!isOfTheDatabase) {
        this.#mustAskAgain = true;
        return;
      }
      this.misfit = error instanceof ReadOnlyError ? 'read-only' : 'engine';
      this.#suspectedAt = Number.NEGATIVE_INFINITY;
    }
  }
}
