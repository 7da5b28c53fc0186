import { execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { withClient } from '../../src/database.js';
import type { DebianServer } from './debian.js';
import { freePort } from './ports.js';
import { killPostmaster } from './postmaster.js';
import { until } from './wait.js';

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What one of Debian's client programs prints. */
export async function tool(server: DebianServer, name: string, args: string[]): Promise<string> {
  const { stdout } = await run(join(server.binDir, name), args, { maxBuffer: OUTPUT_BYTES_MAX });
  return stdout;
}

/** Runs a script as psql does, and returns the errors that it went on after. */
export async function psql(server: DebianServer, url: string, script: string): Promise<string[]> {
  const child = spawn(join(server.binDir, 'psql'), ['-XqAt', '-d', url], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdin.end(script);
  await new Promise((resolve) => child.on('close', resolve));
  return errors.split('\n').filter((line) => /ERROR|FATAL/.test(line));
}

export type Standby = { readonly url: string; promote(): Promise<void> };

/** A hot standby of a server, by pg_basebackup; it is stopped and deleted when the test ends. */
export async function standbyOf(
  t: ExecutionContext<unknown>,
  primary: DebianServer,
): Promise<Standby> {
  const root = process.getuid?.() === 0;
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  const who = root ? { uid: await id('-u'), gid: await id('-g') } : {};
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-standby-'));
  await chmod(folder, 0o700);
  if (who.uid !== undefined) await chown(folder, who.uid, who.gid);
  const dataDir = join(folder, 'data');
  const as = { ...who, cwd: folder };
  t.teardown(async () => {
    await killPostmaster(dataDir);
    await rm(folder, { recursive: true, force: true });
  });
  await run(
    join(primary.binDir, 'pg_basebackup'),
    ['-d', primary.url, '-D', dataDir, '-R', '-X', 'stream', '-c', 'fast'],
    as,
  );
  const port = await freePort();
  const flags = ['-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  const own = ['-c', 'max_prepared_transactions=20'];
  spawn(join(primary.binDir, 'postgres'), ['-D', dataDir, ...flags, ...own], {
    ...as,
    stdio: 'ignore',
    detached: true,
  }).unref();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await until(() => withClient(url, 'test', () => Promise.resolve(true)), { what: 'the standby' });
  return {
    url,
    promote: async () => {
      await withClient(url, 'test', (client) => client.query('select pg_promote()'));
    },
  };
}
