import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { withClient } from '../../src/database.js';
import { freePort } from './ports.js';
import { killPostmaster, type Server } from './postmaster.js';
import { skip } from './skip.js';
import { until } from './wait.js';

const run = promisify(execFile);
const BIN_DIR = '/usr/lib/postgresql/15/bin';

export type DebianOptions = {
  /** postgresql.conf settings on top of the test's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A file below the server's share folder that has to be there, such as an extension's. */
  readonly extension?: string;
};

export type DebianServer = Server & { readonly binDir: string };

/**
 * A throw-away cluster of Debian's PostgreSQL 15, stopped and deleted when the test ends, or
 * undefined where it is not installed: the test is then marked as skipped and should return.
 */
export async function debian15(
  t: ExecutionContext<unknown>,
  options: DebianOptions = {},
): Promise<DebianServer | undefined> {
  if (!existsSync(join(BIN_DIR, 'initdb'))) {
    skip(t, "Debian's postgresql-15");
    return undefined;
  }
  const control = `/usr/share/postgresql/15/extension/${options.extension}.control`;
  if (options.extension !== undefined && !existsSync(control)) {
    skip(t, `Debian's postgresql-15-${options.extension.replaceAll('_', '-')}`);
    return undefined;
  }
  return await startCluster(t, options.settings ?? {});
}

type Identity = { readonly uid: number; readonly gid: number };

/** PostgreSQL refuses to run as root, so root runs it as the user that Debian's package made. */
async function identity(): Promise<Partial<Identity>> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all([
    run('id', ['-u', 'postgres']),
    run('id', ['-g', 'postgres']),
  ]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function startCluster(
  t: ExecutionContext<unknown>,
  settings: Readonly<Record<string, string>>,
): Promise<DebianServer> {
  const who = await identity();
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-debian-'));
  await chmod(folder, 0o700);
  if (who.uid !== undefined && who.gid !== undefined) await chown(folder, who.uid, who.gid);
  const dataDir = join(folder, 'data');
  const as = { ...who, cwd: folder };
  await run(
    join(BIN_DIR, 'initdb'),
    ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    as,
  );
  const port = await freePort();
  const flags = serverFlags(port, folder, settings);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const start = async () => {
    const server = spawn(join(BIN_DIR, 'postgres'), ['-D', dataDir, ...flags], {
      ...as,
      stdio: 'ignore',
      detached: true,
    });
    server.unref();
    await until(() => withClient(url, 'pgtally test', () => Promise.resolve(true)), {
      what: "Debian's PostgreSQL 15",
    });
  };
  const stop = async () => {
    const running = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    if (running !== '') {
      await run(join(BIN_DIR, 'pg_ctl'), ['-D', dataDir, '-m', 'fast', '-w', 'stop'], as);
    }
  };
  t.teardown(async () => {
    await stop().catch(() => killPostmaster(dataDir).catch(() => undefined));
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  return {
    url,
    port,
    dataDir,
    binDir: BIN_DIR,
    start,
    stop,
    restart: async () => {
      await stop();
      await start();
    },
    kill: () => killPostmaster(dataDir),
  };
}

function serverFlags(
  port: number,
  folder: string,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_prepared_transactions: '20',
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
