import { appendFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

/**
 * Ends a test that this machine cannot run. It passes, and test/run.ts lists it at the end, so
 * that nobody takes it for a test that was run.
 */
export function skip(t: ExecutionContext<unknown>, needs: string): void {
  const { TALLY_TEST_SKIPPED: list } = process.env;
  if (list !== undefined) appendFileSync(list, `${t.title} (needs ${needs})\n`);
  t.log(`skipped: needs ${needs}`);
  t.pass();
}
