import type { Watcher } from '../client/watchers.js';
import type { Applications } from '../lib/applications.js';

/** An application, and the manners in which its users can be kept up to date. */
export type Compared = {
  /** Of the tables too, as the replaced system had them, of the same rows: `replaced/NAME.sql`. */
  readonly name: string;
  readonly application: string;
  readonly manners: readonly Manner[];
};

export type Manner = {
  readonly name: string;
  readonly isOurs: boolean;
  /** How old a value may be by its design. */
  readonly bound: string;
  /** Wanted of ours; 100, where nothing is said. */
  readonly staleMsMax?: number;
  /** How long it is measured: as long as its slowest cycle. */
  readonly seconds: number;
  /** At the end of which nothing changes: what the next cycle would show cannot be waited for. */
  readonly restSeconds?: number;
  /** How long after the last change somebody may still not have seen it. */
  readonly patienceSeconds: number;
  start(applications: Applications): Promise<Running>;
};

export type Running = {
  readonly pid: number;
  readonly port: number;
  readonly patterns: readonly string[];
  readonly watchers: readonly Watcher[];
  /** Makes the nth change, from 0 on. */
  change(nth: number): Promise<Made>;
  stop(): Promise<void>;
};

/** Who should see a change, and in which pattern's number: one more than before, or this value. */
export type Made = {
  readonly watchers: readonly number[];
  readonly pattern: number;
  readonly value?: number;
};
