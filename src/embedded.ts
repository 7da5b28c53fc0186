import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { withClient } from './database.js';
import { type Cluster, createCluster, openCluster, removeUnfinished } from './embedded/cluster.js';
import { withLock } from './embedded/lock.js';
import { adopt, findPostmaster, start, stop, urlOf } from './embedded/postmaster.js';
import { messageOf, UserError } from './errors.js';

export type EmbeddedOptions = {
  /** Everything is kept below it: data, password, log. Deleting it deletes the database. */
  dataDir: string;
  /** A server that runs already keeps its own. */
  port: number;
  /** For postgresql.conf; likewise only for a server started now. */
  settings?: Record<string, string>;
};

export type Embedded = {
  url: string;
  port: number;
  /** adopted: it ran already, left by an earlier process. */
  state: 'created' | 'started' | 'adopted';
  version: string;
  stop(): Promise<void>;
};

export type EmbeddedStatus =
  | { state: 'absent' }
  | { state: 'stopped' }
  | { state: 'starting' | 'running'; url: string; port: number; pid: number };

/**
 * Makes sure that the embedded PostgreSQL runs. It outlives this process, and a later start finds
 * it again; several at once give one server.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = path.resolve(options.dataDir);
  await makeFolder(dataDir);
  return withLock(lockFile(dataDir), async () => {
    await removeUnfinished(dataDir);
    const existing = await openCluster(dataDir);
    const cluster = existing ?? (await createCluster(dataDir));
    const adopted = await adopt(cluster);
    const { port } = adopted ?? (await start(cluster, options.port, options.settings ?? {}));
    const started = existing === undefined ? 'created' : 'started';
    return {
      url: urlOf(cluster, port),
      port,
      state: adopted === undefined ? started : 'adopted',
      version: await prepareDatabase(cluster, port),
      stop: async () => {
        await stopEmbedded(dataDir);
      },
    };
  });
}

/** Stops the server whoever started it; false: there was none. */
export async function stopEmbedded(folder: string): Promise<boolean> {
  const dataDir = path.resolve(folder);
  if ((await openCluster(dataDir)) === undefined) return false;
  return withLock(lockFile(dataDir), async () => {
    const cluster = await openCluster(dataDir);
    return cluster !== undefined && stop(cluster);
  });
}

/** Looks, and changes nothing. */
export async function embeddedStatus(folder: string): Promise<EmbeddedStatus> {
  const cluster = await openCluster(path.resolve(folder));
  if (cluster === undefined) return { state: 'absent' };
  const found = await findPostmaster(cluster);
  if (found === undefined) return { state: 'stopped' };
  const { pid, port, letsClientsIn } = found;
  const state = letsClientsIn ? 'running' : 'starting';
  return { state, url: urlOf(cluster, port), port, pid };
}

async function prepareDatabase(cluster: Cluster, port: number): Promise<string> {
  return withClient(urlOf(cluster, port, 'postgres'), 'pgtally start', async (client) => {
    const found = await client.query<{ version: string; is_there: boolean }>(
      `select pg_catalog.current_setting('server_version') as version,
              exists (select from pg_catalog.pg_database where datname = 'tally') as is_there`,
    );
    const row = found.rows[0];
    if (row?.is_there === false) await client.query('create database tally');
    return row?.version ?? '';
  });
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = messageOf(cause);
    throw new UserError(`cannot write to the data folder ${dataDir}: ${why}`, {
      hint: 'Make it writable, or set TALLY_DATA_DIR to a folder that is',
      cause,
    });
  }
}

function lockFile(dataDir: string): string {
  return path.join(dataDir, 'start.lock');
}
