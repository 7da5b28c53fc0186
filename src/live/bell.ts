/** Counts rings, and lets one waiter sleep until the next one or until a time has passed. */
export class Bell {
  #rings = 0;
  #firstAt = 0;
  #wake: (() => void) | undefined;

  ring(): void {
    if (this.#rings === 0) this.#firstAt = performance.now();
    this.#rings += 1;
    this.#wake?.();
  }

  /** When the first of the rings that wait came; undefined when none waits. */
  get rungAt(): number | undefined {
    return this.#rings > 0 ? this.#firstAt : undefined;
  }

  /** How many rings since the last time it was asked. */
  take(): number {
    const rings = this.#rings;
    this.#rings = 0;
    return rings;
  }

  /** Returns at once when a ring is waiting already: none is ever missed between two waits. */
  async wait(ms: number): Promise<void> {
    if (this.#rings > 0 || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
