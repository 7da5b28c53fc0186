import { readFileSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../errors.js';

const POLL_MS = 50;
const WAIT_MS_MAX = 120_000;
/** Removing a dead holder's file takes no time: a remover this old has died as well. */
const REMOVER_MS_MAX = 10_000;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Names a process beyond its number, which comes again soon where containers restart. */
function identity(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Ended, but not collected by its parent, which in a container may be for ever.
    return fields[0] === 'Z' ? '' : `${pid} ${fields[19]}`;
  } catch {
    return `${pid}`;
  }
}

/** Runs one piece of work at a time per file, between processes; survives a killed holder. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (!(await create(file))) {
    if (await isAbandoned(file)) await removeAbandoned(file);
    else if (Date.now() < deadline) await delay(POLL_MS);
    else throw await stillHeld(file);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function create(file: string): Promise<boolean> {
  try {
    await writeFile(file, identity(process.pid), { flag: 'wx' });
    return true;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'EEXIST') return false;
    // On a full disk the file is made and stays empty: nobody shall wait for it.
    if (code === 'ENOSPC') await rm(file, { force: true });
    throw new UserError(`cannot write ${file}: ${cause instanceof Error ? cause.message : code}`, {
      hint: 'Make its folder writable and see that the disk has room, or set TALLY_DATA_DIR',
      cause,
    });
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const holder = await readFile(file, 'utf8').catch(() => undefined);
  if (holder === undefined) return false;
  // Empty: its holder has just made it, or died before it could write.
  if (holder === '') return isOlderThan(file, REMOVER_MS_MAX);
  const pid = Number.parseInt(holder, 10);
  return !(pid > 0 && isAlive(pid) && identity(pid) === holder);
}

/** Two that see the same dead holder must not remove one's new file: one removes at a time. */
export async function removeAbandoned(file: string): Promise<void> {
  const remover = `${file}.remove`;
  if (!(await create(remover))) {
    if (await isOlderThan(remover, REMOVER_MS_MAX)) await rm(remover, { force: true });
    else await delay(POLL_MS);
    return;
  }
  try {
    if (await isAbandoned(file)) await rm(file, { force: true });
  } finally {
    await rm(remover, { force: true });
  }
}

async function isOlderThan(file: string, ms: number): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ms;
}

async function stillHeld(file: string): Promise<UserError> {
  const holder = await readFile(file, 'utf8').catch(() => '');
  const pid = holder.split(' ', 1)[0] ?? '';
  return new UserError(
    `process ${pid || '(unknown)'} has been starting or stopping the database for ${WAIT_MS_MAX / 1000} s`,
    { hint: `End that process and try again; it holds ${file}` },
  );
}
