import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Database } from '../../lib/database.js';

const PAGE_BYTES = 4_096;
/** The kernel's USER_HZ: what /proc counts in, whatever its own clock does. */
const TICKS_PER_SECOND = 100;

export const HAS_PROC = existsSync('/proc/self/stat');

/** Seconds of processor time of a process and all below it, those that have ended included. */
export function cpuSeconds(pid: number): number {
  if (!HAS_PROC) return Number.NaN;
  const ticks = treeOf(pid).map((each) => {
    const fields = statOf(each);
    // utime, stime, and those of children that were waited for: cutime, cstime.
    return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

export function residentBytes(pid: number): number {
  if (!HAS_PROC) return Number.NaN;
  return treeOf(pid)
    .map((each) => Number(read(`/proc/${each}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES)
    .reduce((sum, each) => sum + each, 0);
}

/** Node takes as many as it may have. */
export function openFilesMax(): number {
  const found = /^Max open files\s+\S+\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1];
  return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
}

/** The parent of any of PostgreSQL's backends: below it is all that PostgreSQL does. */
export async function postmasterOf(database: Database): Promise<number> {
  const [row] = await database.sql<{ pid: number }>('select pg_backend_pid() as pid');
  return Number(statOf(row?.pid ?? -1)[1]);
}

function treeOf(pid: number): number[] {
  const tasks = listed(`/proc/${pid}/task`);
  const children = tasks
    .flatMap((task) => read(`/proc/${pid}/task/${task}/children`).trim().split(' '))
    .filter((text) => text !== '')
    .map(Number);
  return [pid, ...children.flatMap(treeOf)];
}

/** The fields after the command's name, which may hold anything. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A process may end between being listed and being read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
