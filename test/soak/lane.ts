import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClient } from '../../src/database.js';
import { startEmbedded } from '../../src/embedded.js';
import { installBoxes } from '../helpers/boxes.js';
import { onDatabase } from '../helpers/database.js';
import { claimFolder } from '../helpers/folder.js';
import { freePort } from '../helpers/ports.js';
import { killPostmaster } from '../helpers/postmaster.js';
import { prepareTemplate } from '../helpers/template.js';
import { runFaults } from './run.js';
import type { Cluster } from './stage.js';

/**
 * One lane of runs, a process with a PostgreSQL of its own that its runs may stop and kill: seeds
 * FIRST, FIRST + STEP, … below END, a line of JSON on stdout for each. The parent adds them up.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 5481;

const [first = 1, end = 2, step = 1] = process.argv.slice(2).map(Number);

const claim = claimFolder(join(ROOT, '.data'), 'soak-live');
const options = {
  dataDir: claim.folder,
  port: await freePort(PORT),
  // What a kill takes with it is lost for the system as well without fsync, but never here: the
  // system itself goes on. Commits must have been written, or numbers would be taken back.
  settings: { fsync: 'off', max_connections: '100' },
};
let embedded = await startEmbedded(options);
const url = onDatabase(embedded.url, 'postgres');

const cluster: Cluster = {
  stop: () => embedded.stop(),
  kill: () => killPostmaster(join(options.dataDir, 'postgres', 'data')),
  start: async () => {
    embedded = await startEmbedded(options);
  },
};

/** No session of ours outlives a stop of the server. */
const administer = (text: string) => withClient(url, 'soak', (client) => client.query(text));

try {
  const { template, holder } = await prepareTemplate(url, join(ROOT, 'sql'));
  // It would be cut with the first stop; nobody else uses this server.
  await holder.end();
  for (let seed = first; seed < end; seed += step) {
    const name = `live_${seed}`;
    // A run that was interrupted leaves its own.
    await administer(`drop database if exists ${name} with (force)`);
    await administer(`create database ${name} template ${template}`);
    const database = onDatabase(url, name);
    try {
      await installBoxes(database);
      const figures = await runFaults({ url: database, seed, cluster });
      process.stdout.write(`${JSON.stringify(figures)}\n`);
    } catch (error) {
      const failed = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stdout.write(`${JSON.stringify({ seed, failed })}\n`);
    } finally {
      await administer(`drop database if exists ${name} with (force)`);
    }
  }
} finally {
  await embedded.stop();
  claim.release();
}
