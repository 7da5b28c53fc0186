import type { Observe } from '../observation.js';
import { Bell } from './bell.js';
import { Looks } from './looks.js';
import { sessionLoop } from './session-loop.js';
import { WORK_ASKS_MS, workLoop } from './work.js';

/** What takes long is done by three sessions at once, at most: so one is left for what is quick. */
const MOST = 4;

/** While nothing takes long two do: each is free for what the other's piece keeps waiting. */
const STAYING = 2;

/** Where every session has been at its piece for so long, another one is opened. */
const LONG_MS = 200;

/** When nothing has taken long for so long, those that were opened for it end. */
const REST_MS = 5000;

export type WorkersOptions = {
  url: string;
  log: (line: string) => void;
  idleMs: number;
  signal: AbortSignal;
  observe?: Observe;
  onReadOnly?: () => void;
};

/** Work on as many sessions of its own as it takes, until the signal comes. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #loops = new Set<Promise<void>>();
  readonly #looks = new Looks();
  readonly #bells = new Set<Bell>();
  readonly #spare = new Set<AbortController>();
  /** When each piece that is under way was begun. */
  readonly #pieces = new Set<{ readonly startedAt: number }>();
  #connected = 0;
  #opening: NodeJS.Timeout | undefined;
  #resting: NodeJS.Timeout | undefined;

  constructor(options: WorkersOptions) {
    this.#options = options;
    for (let n = 0; n < STAYING; n += 1) this.#add(options.signal);
  }

  /** Something may have fallen due. */
  ring(): void {
    for (const bell of this.#bells) bell.ring();
  }

  async done(): Promise<void> {
    while (this.#loops.size > 0) await Promise.all(this.#loops);
    clearTimeout(this.#opening);
    clearTimeout(this.#resting);
  }

  #add(signal: AbortSignal): void {
    const { url, log, onReadOnly } = this.#options;
    const during = <T>(piece: () => Promise<T>) => this.#during(piece);
    const loop = sessionLoop({
      url,
      log,
      signal,
      application: 'pgtally-work',
      idleMs: WORK_ASKS_MS,
      onReadOnly,
      run: async (client) => {
        const bell = new Bell();
        this.#bells.add(bell);
        this.#connected += 1;
        try {
          await workLoop(client, { ...this.#options, signal, bell, looks: this.#looks, during });
        } finally {
          this.#connected -= 1;
          this.#bells.delete(bell);
          this.#openSoon();
        }
      },
    }).finally(() => this.#loops.delete(loop));
    this.#loops.add(loop);
  }

  async #during<T>(piece: () => Promise<T>): Promise<T> {
    const begun = { startedAt: performance.now() };
    this.#pieces.add(begun);
    this.#openSoon();
    try {
      return await piece();
    } finally {
      this.#pieces.delete(begun);
      if (isLong(begun)) this.#restSoon();
      if (this.#isSomebodyFree()) {
        clearTimeout(this.#opening);
        this.#opening = undefined;
      }
    }
  }

  #isSomebodyFree(): boolean {
    return this.#pieces.size < this.#connected;
  }

  #openSoon(): void {
    if (this.#isSomebodyFree() || this.#pieces.size === 0) return;
    if (this.#opening !== undefined) return;
    this.#opening = setTimeout(() => {
      this.#opening = undefined;
      const { signal } = this.#options;
      if (signal.aborted || this.#isSomebodyFree() || this.#loops.size >= MOST) return;
      const spare = new AbortController();
      this.#spare.add(spare);
      this.#add(AbortSignal.any([signal, spare.signal]));
      this.#restSoon();
    }, LONG_MS);
  }

  #restSoon(): void {
    if (this.#spare.size === 0) return;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      if ([...this.#pieces].some(isLong)) {
        this.#restSoon();
        return;
      }
      for (const spare of this.#spare) spare.abort();
      this.#spare.clear();
    }, REST_MS);
  }
}

function isLong({ startedAt }: { readonly startedAt: number }): boolean {
  return performance.now() - startedAt > LONG_MS;
}
