import type pg from 'pg';
import { atOnce, withClient } from '../database.js';
import { processOf } from './probe.js';

/** A query that has no answer after this long is asked after, and then again and again. */
const ASK_MS = 10_000;

/**
 * A query that may rightly take an hour has no time limit. But where the network has swallowed its
 * answer, or itself, the wait would never end: so another session looks whether it still runs.
 */
export async function watched<T>(
  client: pg.Client,
  url: string,
  query: () => Promise<T>,
): Promise<T> {
  let isAnswered = false;
  const timer = setInterval(() => {
    void isRunning(url, client).then((runs) => {
      // Ends the connection at once, and with it the wait: the loop opens another.
      if (!runs && !isAnswered) void client.end().catch(() => undefined);
    });
  }, ASK_MS);
  try {
    return await query();
  } finally {
    isAnswered = true;
    clearInterval(timer);
  }
}

async function isRunning(url: string, client: pg.Client): Promise<boolean> {
  try {
    return await withClient(url, 'pgtally-probe', async (probe) => {
      const { rows } = await probe.query<{ runs: boolean }>(
        atOnce(
          `select exists (select from pg_catalog.pg_stat_activity a
                          where a.pid = $1 and a.state is distinct from 'idle') as runs`,
          [processOf(client)],
        ),
      );
      return rows[0]?.runs === true;
    });
  } catch {
    // Nobody can tell now.
    return true;
  }
}
