/** After the last sign of a forgery nothing that is announced is believed for so long. */
const DISTRUST_MS = 60_000;

/**
 * Any session of the database may notify, so an announcement is a hint and the row is the truth.
 * While one listens each pulse is announced once, in order, and not before its row can be read: a
 * forged one is heard beside the true one of its number, or is above the table's last.
 */
export class Trust {
  #announced = -1;
  #soundUpTo: number | undefined;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** Numbers of before say nothing: another listening, or another history. */
  begin(): void {
    this.#announced = -1;
    this.#soundUpTo = undefined;
  }

  /** To be asked of each that begins. True when it contradicts what was announced before it: one of the two was forged. */
  contradicts(pulse: number): boolean {
    const isAgain = pulse <= this.#announced;
    if (isAgain) this.#soundUpTo = Math.min(this.#soundUpTo ?? pulse, pulse - 1);
    this.#announced = Math.max(this.#announced, pulse);
    return isAgain;
  }

  /** What is announced may be shown as it was said. */
  get isWhole(): boolean {
    return performance.now() >= this.#untilMs;
  }

  /** The last pulse that cannot have been forged, where one was found out; from now on it is lost. */
  lose(heard: number, pulse: number): number | undefined {
    const isAbove = heard > pulse;
    if (!isAbove && this.#soundUpTo === undefined) return undefined;
    const soundUpTo = Math.min(this.#soundUpTo ?? pulse, pulse);
    this.#soundUpTo = undefined;
    this.#announced = -1;
    this.#untilMs = performance.now() + DISTRUST_MS;
    return soundUpTo;
  }
}
