/**
 * When the pulse should beat next, and whether it should be asleep (each writer rings) or awake
 * (nobody rings, it beats by its own clock). Pure, so that the traps below can be tested.
 */

/** This many pulses in a row that left rings waiting: writers are faster than we answer. */
const BUSY_PULSES = 4;

/** This many quiet beats in a row: awake costs half a beat of latency for nothing. */
const QUIET_BEATS = 2;

/** Below this rate asleep answers sooner, at a price writers do not notice. Deltas per second. */
const WORTH_AWAKE_PER_S = 600;

/**
 * A writer that saw us awake may commit after we fell asleep, without a ring: look again soon
 * after, and then leave the long transactions to the idle beat. Milliseconds after falling asleep.
 */
const AFTERBEATS_MS = [2, 10, 50, 250];

export type Beat = { readonly folded: number; readonly ringsWaiting: number };

export class Rhythm {
  readonly #tickMs: number;
  readonly #idleMs: number;
  #awake = false;
  #inARow = 0;
  #afterbeat = 0;

  constructor(options: { tickMs: number; idleMs: number }) {
    this.#tickMs = options.tickMs;
    this.#idleMs = options.idleMs;
  }

  get awake(): boolean {
    return this.#awake;
  }

  /** How long until the next pulse is due even if nobody rings. */
  get waitMs(): number {
    if (this.#awake) return this.#tickMs;
    const next = AFTERBEATS_MS[this.#afterbeat];
    if (next === undefined) return this.#idleMs;
    return Math.min(next - (AFTERBEATS_MS[this.#afterbeat - 1] ?? 0), this.#idleMs);
  }

  /** Says whether to change over after this beat. */
  after(beat: Beat): 'stay' | 'wake' | 'sleep' {
    if (!this.#awake) {
      this.#afterbeat += 1;
      this.#inARow = beat.ringsWaiting > 0 ? this.#inARow + 1 : 0;
      return this.#inARow >= BUSY_PULSES ? 'wake' : 'stay';
    }
    const quiet = beat.folded < (WORTH_AWAKE_PER_S * this.#tickMs) / 1000;
    this.#inARow = quiet ? this.#inARow + 1 : 0;
    return this.#inARow >= QUIET_BEATS ? 'sleep' : 'stay';
  }

  changed(awake: boolean): void {
    this.#awake = awake;
    this.#inARow = 0;
    this.#afterbeat = 0;
  }
}
