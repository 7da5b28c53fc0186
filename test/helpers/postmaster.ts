import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './wait.js';

/** A server that one test owns and may stop, start and kill. */
export type Server = {
  /** The `postgres` database, as a superuser. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** SIGKILL to the postmaster, as a power cut would do it; `start` recovers. */
  kill(): Promise<void>;
};

export async function killPostmaster(dataDir: string): Promise<void> {
  const file = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(file, 10);
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`no server runs in ${dataDir}`);
  const orphans = await childrenOf(pid);
  signal(pid, 'SIGKILL');
  // A new postmaster refuses to start while a child of the old one is still attached to its memory.
  await until(async () => !(await Promise.all([pid, ...orphans].map(isAlive))).includes(true), {
    what: `the end of postmaster ${pid}`,
  });
}

async function childrenOf(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return list.split(' ').filter(Boolean).map(Number);
}

/** A zombie answers signals for as long as nobody collects it, which in a container may be for ever. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return signal(pid, 0) && !/\) Z /.test(stat);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
