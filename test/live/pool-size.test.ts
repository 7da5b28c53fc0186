import test from 'ava';
import { boxesServer } from '../helpers/boxes-server.js';
import { until } from '../helpers/wait.js';

const POOL_SIZE = 3;

/** PostgreSQL takes a second to notice that a session was given up: so long there are two of each. */
const MOST = 2 * POOL_SIZE;

/** So long that each question is given up twice: another pool for each time would be three of each. */
const LOCKED_MS = 18_000;

test('while readers wait for a lock sessions that are given up are not added to without end', async (t) => {
  const { server, database } = await boxesServer(t, { poolSize: POOL_SIZE });
  const holder = await database.client('holds');
  const looker = await database.client('looks');
  await until(async () => (await fetch(`${server.url}/ready`)).status === 200);
  // One table: a second one could be had by the pulse already, which then waits for this one.
  await holder.query('begin; lock table tally.totals in access exclusive mode');
  const since = performance.now();
  let most = 0;
  await until(async () => {
    void fetch(`${server.url}/v1/counters/entries`).catch(() => undefined);
    const { rows } = await looker.query<{ sessions: number }>(
      `select count(*)::int as sessions from pg_stat_activity
       where datname = current_database() and application_name = 'pgtally'`,
    );
    most = Math.max(most, rows[0]?.sessions ?? 0);
    return performance.now() - since > LOCKED_MS;
  });
  t.log(`${most} sessions`);
  t.true(most <= MOST, `${most} sessions`);
  await holder.query('rollback');
  await until(async () => (await fetch(`${server.url}/v1/counters/entries`)).status === 200);
});
