import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RUNS_MAX = 16;

/**
 * Claims a folder that no other test run uses: `test`, or `test-2` while that one is taken, so that
 * two runs in one project do not stop each other's server. A claim of a dead process is void.
 */
export function claimFolder(parent: string, name: string): { folder: string; release(): void } {
  mkdirSync(parent, { recursive: true });
  for (let number = 1; number <= RUNS_MAX; number += 1) {
    const folder = join(parent, number === 1 ? name : `${name}-${number}`);
    const lock = `${folder}.pid`;
    if (claim(lock)) return { folder, release: () => rmSync(lock, { force: true }) };
  }
  throw new Error(`${RUNS_MAX} test runs are going on in ${parent}: wait for one to end`);
}

function claim(lock: string): boolean {
  if (write(lock)) return true;
  const owner = Number.parseInt(readFileSync(lock, 'utf8'), 10);
  if (isAlive(owner)) return false;
  rmSync(lock, { force: true });
  return write(lock);
}

function write(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
