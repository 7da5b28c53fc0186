import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.js';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const ATTACHED_MS_MAX = 20_000;

/** Has `pgtally pulse` attached, as a process of its own, for as long as something runs. */
export async function withPulse<T>(database: Database, run: () => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, ['--import=tsx', CLI, 'pulse'], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  // Without a server it would look for one for ever.
  const orphaned = () => child.kill('SIGTERM');
  process.once('exit', orphaned);
  try {
    await attached(database, () => child.exitCode);
    return await run();
  } finally {
    process.off('exit', orphaned);
    child.kill('SIGTERM');
    await ended;
  }
}

async function attached(database: Database, exitCode: () => number | null): Promise<void> {
  const deadline = Date.now() + ATTACHED_MS_MAX;
  for (;;) {
    const holders = await database.sql(
      `select from pg_locks where locktype = 'advisory' and classid = 1952541804 and objid = 4
         and database = (select oid from pg_database where datname = current_database())`,
    );
    if (holders.length > 0) return;
    if (exitCode() !== null || Date.now() > deadline) throw new Error('no pulse was attached');
    await pause(20);
  }
}
