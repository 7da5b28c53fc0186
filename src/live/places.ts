/** For so many at once: who comes later waits until one of them leaves, in the order of coming. */
export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** False where there was none within that time: then there is none to be left either. */
  async take(waitMs?: number): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return await new Promise<boolean>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const given = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.add(given);
      if (waitMs === undefined) return;
      timer = setTimeout(() => {
        this.#waiting.delete(given);
        resolve(false);
      }, waitMs);
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
