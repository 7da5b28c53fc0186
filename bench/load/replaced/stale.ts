import { quantile } from '../lib/quantile.js';
import type { Made } from './manner.js';

/** The time is that before the request that makes it was sent: the commit is a little later. */
export type Change = Made & { readonly at: number };

export type Stale = {
  /**
   * Milliseconds from a change until somebody who should see it sees it. Infinite, where that had
   * not happened when the run ended.
   */
  readonly p50: number;
  readonly longest: number;
  /** Pairs of a change and somebody who should see it. */
  readonly pairs: number;
  readonly unseen: number;
};

/** For each watcher and pattern: value, time, value, time, and so on. */
export type Arrivals = readonly (readonly (readonly number[])[])[];

type Wanted = {
  readonly watcher: number;
  readonly pattern: number;
  readonly value: number;
  readonly at: number;
};

/** The first value of each pattern, where there was one. */
export type Firsts = readonly (readonly (number | null)[])[];

/** What each change makes of the number of each who should see it. */
export function wantedOf(changes: readonly Change[], firsts: Firsts) {
  const counts = new Map<string, number>();
  return changes.flatMap(({ watchers, pattern, value, at }) =>
    watchers.map((watcher): Wanted => {
      if (value !== undefined) return { watcher, pattern, value, at };
      const key = `${watcher} ${pattern}`;
      const first = firsts[watcher]?.[pattern];
      if (first === undefined || first === null)
        throw new Error(`user ${watcher} saw no number ${pattern} at first`);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { watcher, pattern, value: first + count, at };
    }),
  );
}

export function staleOf(changes: readonly Change[], arrivals: Arrivals): Stale {
  const firsts = arrivals.map((lists) => lists.map(([value]) => value ?? null));
  const next = new Map<readonly number[], number>();
  const times = wantedOf(changes, firsts).map(({ watcher, pattern, value, at }) => {
    const list = arrivals[watcher]?.[pattern] ?? [];
    let index = next.get(list) ?? 0;
    while (index < list.length && (list[index] ?? 0) < value) index += 2;
    next.set(list, index);
    return (list[index + 1] ?? Number.POSITIVE_INFINITY) - at;
  });
  return {
    p50: quantile(times, 0.5),
    longest: quantile(times, 1),
    pairs: times.length,
    unseen: times.filter((time) => !Number.isFinite(time)).length,
  };
}
