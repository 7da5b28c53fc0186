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
import type { Cluster } from './stage.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PORT = 5481;

export type SoakCluster = Cluster & {
  /** A fresh database of that name with the boxes in it, dropped when `use` is through with it. */
  withBoxes<T>(name: string, use: (url: string) => Promise<T>): Promise<T>;
  end(): Promise<void>;
};

/** A PostgreSQL that nobody else uses, to be stopped and killed. Lanes start at the same moment. */
export async function soakCluster(lane = 0): Promise<SoakCluster> {
  const claim = claimFolder(join(ROOT, '.data'), 'soak-live');
  const options = {
    dataDir: claim.folder,
    port: await freePort(PORT + lane),
    // A kill of the server takes nothing of what it has written: the system itself goes on.
    settings: { fsync: 'off', max_connections: '100' },
  };
  let embedded = await startEmbedded(options);
  const url = onDatabase(embedded.url, 'postgres');
  // No session of ours outlives a stop of the server.
  const administer = (text: string) => withClient(url, 'soak', (client) => client.query(text));
  const { template, holder } = await prepareTemplate(url, join(ROOT, 'sql'));
  await holder.end();
  return {
    stop: () => embedded.stop(),
    kill: () => killPostmaster(join(options.dataDir, 'postgres', 'data')),
    start: async () => {
      embedded = await startEmbedded(options);
    },
    withBoxes: async (name, use) => {
      // A run that was interrupted has left its own.
      await administer(`drop database if exists ${name} with (force)`);
      await administer(`create database ${name} template ${template}`);
      const database = onDatabase(url, name);
      try {
        await installBoxes(database);
        return await use(database);
      } finally {
        await administer(`drop database if exists ${name} with (force)`);
      }
    },
    end: async () => {
      await embedded.stop();
      claim.release();
    },
  };
}
