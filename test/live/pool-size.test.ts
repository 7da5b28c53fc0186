import test from 'ava';
import { boxesServer } from '../helpers/boxes-server.js';
import { until } from '../helpers/wait.js';

const POOL_SIZE = 3;

/** One is there for new questions, and one that was given up may be about to notice it. */
const BESIDE_MAX = 2;

/** Several times as long as any answer is waited for. */
const LOCKED_MS = 11_000;

test('while readers wait for a lock there are hardly more sessions than the pool may have', async (t) => {
  const { server, database } = await boxesServer(t, { poolSize: POOL_SIZE });
  const holder = await database.client('holds');
  const looker = await database.client('looks');
  await until(async () => (await fetch(`${server.url}/ready`)).status === 200);
  await holder.query('begin; lock table tally.totals, tally.pulses in access exclusive mode');
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
  t.true(most <= POOL_SIZE + BESIDE_MAX, `${most} sessions`);
  await holder.query('rollback');
  await until(async () => (await fetch(`${server.url}/v1/counters/entries`)).status === 200);
});
