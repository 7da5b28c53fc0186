import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { withClient } from '../../src/database.js';
import { startEmbedded } from '../../src/embedded.js';
import { UserError } from '../../src/errors.js';
import type { Options } from './options.js';

const run = promisify(execFile);
const BIN_DIR = '/usr/lib/postgresql/15/bin';
const PORT = Number(process.env.TALLY_BENCH_PORT ?? 5498);
const START_MS_MAX = 20_000;

/**
 * Defaults otherwise, fsync included. Memory enough for ten million counters, and no checkpoint
 * falls into a measurement: whichever side was running then would pay for all.
 */
const SETTINGS = {
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  max_connections: '100',
} as const;

export type Server = {
  /** The `postgres` database, as a superuser. */
  readonly url: string;
  readonly what: string;
  stop(): Promise<void>;
};

export async function startServer(kind: Options['server']): Promise<Server> {
  if (kind === 'url') return await givenServer(process.env.TALLY_BENCH_URL ?? '');
  if (kind === 'embedded') return await startPrivateEmbedded();
  if (existsSync(join(BIN_DIR, 'initdb'))) return await startDebian();
  throw new UserError("Debian's PostgreSQL 15 is not installed", {
    hint: 'apt-get install postgresql-15, or --server embedded, or set TALLY_BENCH_URL',
  });
}

async function givenServer(url: string): Promise<Server> {
  return { url, what: await describe(url), stop: () => Promise.resolve() };
}

async function describe(url: string): Promise<string> {
  return await withClient(url, 'pgtally bench', async (client) => {
    const { rows } = await client.query<{ text: string }>(
      `select 'PostgreSQL ' || current_setting('server_version')
         || ', fsync ' || current_setting('fsync')
         || ', synchronous_commit ' || current_setting('synchronous_commit')
         || ', shared_buffers ' || current_setting('shared_buffers') as text`,
    );
    return rows[0]?.text ?? '';
  });
}

async function startPrivateEmbedded(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-bench-'));
  // As root the server runs as another user, who has to get through to the data below.
  await chmod(folder, 0o755);
  const server = await startEmbedded({
    dataDir: join(folder, 'data'),
    port: PORT,
    settings: { ...SETTINGS },
  });
  const url = new URL(server.url);
  url.pathname = '/postgres';
  return {
    url: url.href,
    what: await describe(url.href),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startDebian(): Promise<Server> {
  const who = await identity();
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-bench-'));
  if (who.uid !== undefined && who.gid !== undefined) await chown(folder, who.uid, who.gid);
  const dataDir = join(folder, 'data');
  const as = { ...who, cwd: folder };
  const locale = ['-E', 'UTF8', '--locale=C.UTF-8'];
  await run(
    join(BIN_DIR, 'initdb'),
    ['-D', dataDir, '-U', 'postgres', '-A', 'trust', ...locale],
    as,
  );
  const settings = {
    ...SETTINGS,
    listen_addresses: '127.0.0.1',
    port: String(PORT),
    unix_socket_directories: folder,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A group of its own: an interrupt on the terminal reaches only us, and we stop it in order.
  const postgres = spawn(join(BIN_DIR, 'postgres'), ['-D', dataDir, ...flags], {
    ...as,
    stdio: 'ignore',
    detached: true,
  });
  const gone = new Promise<void>((resolve) => postgres.once('exit', () => resolve()));
  const url = `postgres://postgres@127.0.0.1:${PORT}/postgres`;
  const stop = async () => {
    if (postgres.exitCode === null && postgres.signalCode === null) postgres.kill('SIGINT');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(url, () => postgres.exitCode);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, what: await describe(url), stop };
}

/** PostgreSQL refuses to run as root, so root runs it as the user that Debian's package made. */
async function identity(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([
    run('id', ['-u', 'postgres']),
    run('id', ['-g', 'postgres']),
  ]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function answering(url: string, exitCode: () => number | null): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  for (;;) {
    if (exitCode() !== null) {
      throw new UserError(`PostgreSQL did not start on port ${PORT}`, {
        hint: 'something else may listen there: set TALLY_BENCH_PORT',
      });
    }
    try {
      return await withClient(url, 'pgtally bench', () => Promise.resolve());
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}
