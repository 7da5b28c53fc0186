const TURN_MS = 1000;

/** A timer may fire a moment before its time. */
const EARLY_MS = 10;

/**
 * How long to wait when so long is allowed: a little less, to a time at which the whole process
 * looks at what it has to look at. Waking costs more than most looks do, and is paid once then.
 */
export function together(ms: number): number {
  if (ms < TURN_MS) return ms;
  const now = performance.now();
  const turn = Math.floor((now + ms + EARLY_MS) / TURN_MS) * TURN_MS;
  return Math.ceil(turn - now);
}
