import { soakCluster } from './cluster.js';
import { runFaults } from './run.js';

/**
 * One lane of runs, a process with a PostgreSQL of its own that its runs may stop and kill: seeds
 * FIRST, FIRST + STEP, … below END, a message to the parent for each, which adds them up.
 */

const [first = 1, end = 2, step = 1, lane = 0] = process.argv.slice(2).map(Number);

const cluster = await soakCluster(lane);
try {
  for (let seed = first; seed < end; seed += step) {
    const line = await cluster
      .withBoxes(`live_${seed}`, (url) => runFaults({ url, seed, cluster }))
      .catch((error: unknown) => {
        const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
        return { seed, failed };
      });
    process.send?.(line);
  }
} finally {
  await cluster.end();
  process.disconnect();
}
