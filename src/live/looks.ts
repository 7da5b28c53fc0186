import { within } from './within.js';

/** Those that wake up together ask within so many ms of each other. */
const TOGETHER_MS = 50;

/** An answer that another session has not got after this long is one that cannot be waited for. */
const WAIT_MS = 100;

/** Of some that would look for the same at the same moment one does, and tells the others. */
export class Looks {
  #latest:
    | { readonly by: object; readonly at: number; readonly dueMs: Promise<number> }
    | undefined;

  async tell(by: object, dueMs: Promise<number>): Promise<number> {
    this.#latest = { by, at: performance.now(), dueMs };
    return await dueMs;
  }

  /** What another one finds just now, if it does. */
  async heard(by: object): Promise<number | undefined> {
    const latest = this.#latest;
    if (latest === undefined || latest.by === by) return undefined;
    if (performance.now() - latest.at > TOGETHER_MS) return undefined;
    let heard: number | undefined;
    await within(
      WAIT_MS,
      latest.dueMs.then((dueMs) => {
        heard = dueMs;
      }),
    );
    return heard;
  }
}
