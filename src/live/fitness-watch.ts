import { ConnectionError, UserError } from '../errors.js';
import { ReadOnlyError } from './fitness.js';

/** What is wrong with a database that answers. */
export type Misfit = 'engine' | 'read-only';

/** Asking takes a session of its own: what was wrong is asked again this often. */
const AGAIN_MS = 2000;

/**
 * And where nothing was wrong, and writes are refused all the same, twice as late each time up to
 * this. Nor are new sessions opened sooner: those of just before did not help.
 */
const UNFOUNDED_MS = 30_000;

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
  #againMs = AGAIN_MS;
  /** Somebody said that he may not write. */
  #isSuspect = false;
  #unfoundedAt = Number.NEGATIVE_INFINITY;
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
    if (performance.now() - this.#askedAt > 2 * UNFOUNDED_MS) this.#againMs = AGAIN_MS;
    this.#isSuspect = true;
  }

  /** Nobody answers, so nobody can say what is wrong. */
  forget(): void {
    this.misfit = undefined;
    this.#askedFor = undefined;
  }

  async look(history: string): Promise<void> {
    const isWorthAsking = this.#isSuspect || this.#mustAskAgain || this.misfit !== undefined;
    const isDue = isWorthAsking && performance.now() - this.#askedAt >= this.#againMs;
    if (history === this.#askedFor && !isDue) return;
    this.#askedFor = history;
    this.#askedAt = performance.now();
    this.#mustAskAgain = false;
    const isOver = this.misfit !== undefined;
    const isSuspect = this.#isSuspect;
    this.#isSuspect = false;
    try {
      await this.#isFit();
      this.misfit = undefined;
      this.#againMs = isSuspect && !isOver ? Math.min(this.#againMs * 2, UNFOUNDED_MS) : AGAIN_MS;
      if (isOver || (isSuspect && this.#isNew())) this.#onFit();
    } catch (error) {
      // A database that cannot be reached is no fault of what is in it: ask again.
      const isOfTheDatabase = error instanceof UserError && !(error instanceof ConnectionError);
      if (!isOfTheDatabase) {
        this.#mustAskAgain = true;
        this.#againMs = AGAIN_MS;
        this.#isSuspect ||= isSuspect;
        return;
      }
      this.misfit = error instanceof ReadOnlyError ? 'read-only' : 'engine';
      this.#unfoundedAt = Number.NEGATIVE_INFINITY;
      this.#againMs = AGAIN_MS;
    }
  }

  /** A spell that is over by now left sessions that may not write; so it was not said just before. */
  #isNew(): boolean {
    if (performance.now() - this.#unfoundedAt < UNFOUNDED_MS) return false;
    this.#unfoundedAt = performance.now();
    return true;
  }
}
