import { setTimeout as pause } from 'node:timers/promises';

const DEADLINE_MS = 30_000;
const POLL_MS = 10;

/**
 * Polls until `look` returns something other than undefined, null or false, and returns that.
 * It fails at the deadline with the last error, so that the report says what was missing.
 */
export async function until<T>(
  look: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  options: { deadlineMs?: number; what?: string } = {},
): Promise<T> {
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const deadline = Date.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== null && seen !== false) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) {
      const what = options.what ?? 'what was waited for';
      throw new Error(`${what} did not come within ${deadlineMs} ms`, { cause });
    }
    await pause(POLL_MS);
  }
}
