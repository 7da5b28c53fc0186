import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { withClient } from '../../src/database.js';
import { freePort } from './ports.js';
import { skip } from './skip.js';
import { until } from './wait.js';

const BINARY = '/usr/sbin/pgbouncer';
const START_MS_MAX = 60_000;

/**
 * Debian's PgBouncer in transaction mode before a database, ended with the test; undefined where
 * it is not installed: the test is then marked as skipped and should return.
 */
export async function transactionPooler(
  t: ExecutionContext<unknown>,
  databaseUrl: string,
): Promise<string | undefined> {
  if (!existsSync(BINARY)) {
    skip(t, "Debian's pgbouncer");
    return undefined;
  }
  const target = new URL(databaseUrl);
  const database = target.pathname.slice(1);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-pooler-'));
  await chmod(folder, 0o755);
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(
    config,
    `[databases]
${database} = host=${target.hostname} port=${target.port} dbname=${database} \
user=${target.username} password=${target.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
`,
  );
  const pooler = spawn(BINARY, [config], { stdio: 'ignore', ...plainUser() });
  t.teardown(async () => {
    await ended(pooler);
    await rm(folder, { recursive: true, force: true });
  });
  const url = `postgres://${target.username}@127.0.0.1:${port}/${database}`;
  await until(() => answers(url), { deadlineMs: START_MS_MAX, what: 'PgBouncer' });
  return url;
}

/** PgBouncer refuses to run as root. */
function plainUser(): { uid?: number; gid?: number } {
  const NOBODY = 65_534;
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

async function answers(url: string): Promise<boolean> {
  try {
    await withClient(url, 'pgtally test', (client) => client.query('select 1'));
    return true;
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  child.kill('SIGTERM');
  await exit;
}
