import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { connect } from '../database.js';
import { codeOf, UserError } from '../errors.js';
import { type Cluster, findMatchingBinaries } from './cluster.js';
import { lastLines, run } from './command.js';
import {
  LOG_FILE,
  logFile,
  logSize,
  pidFile,
  readLog,
  startNewLog,
  writeSettings,
} from './files.js';
import { isAlive } from './lock.js';

/** A server as its pid file describes it. */
export type Postmaster = { pid: number; port: number; letsClientsIn: boolean };

const POLL_MS = 50;
/** Each ends after the time that a connection may take: a busy machine is not a dead server. */
const ANSWER_ATTEMPTS_MAX = 3;
/** Crash recovery of much data takes a while; a server that ends by itself is noticed at once. */
const START_S_MAX = 300;
const FAST_STOP_S_MAX = 60;
const IMMEDIATE_STOP_S_MAX = 15;
/** The sessions of a killed server need a moment to notice, and hold its memory until then. */
const OLD_MEMORY_MS_MAX = 10_000;
const NO_PROCESS = 2_147_483_646;

/** Where clients find the database. */
export function urlOf(cluster: Cluster, port: number, database = 'tally'): string {
  return `postgres://postgres:${cluster.password}@127.0.0.1:${port}/${database}`;
}

async function readPidFile(cluster: Cluster): Promise<Postmaster | undefined> {
  const text = await readFile(pidFile(cluster), 'utf8').catch(() => '');
  const [pid, , , port, , , , status] = text.split('\n');
  if (!(Number(pid) > 0)) return undefined;
  const letsClientsIn = /^(ready|standby)\s*$/.test(status ?? '');
  return { pid: Number(pid), port: Number(port ?? 0), letsClientsIn };
}

/** The server that runs on this data, answering or not. */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | undefined> {
  const found = await readPidFile(cluster);
  return found !== undefined && (await runsOn(cluster, found.pid)) ? found : undefined;
}

/** Numbers of processes come again: a live one proves nothing unless it works in our folder. */
async function runsOn(cluster: Cluster, pid: number): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    return folder === (await realpath(cluster.data));
  }
  if (process.platform === 'win32') return true;
  const command = ['-o', 'command=', '-p', String(pid)];
  return (await run('ps', command, { account: undefined, cwd: '/' })).output.includes('postgres');
}

/** Waits while it starts or stops; then either it answers, or it is stopped and nothing is left. */
export async function adopt(cluster: Cluster): Promise<Postmaster | undefined> {
  const deadline = Date.now() + START_S_MAX * 1000;
  for (;;) {
    const found = await findPostmaster(cluster);
    if (found === undefined) return undefined;
    if (found.letsClientsIn && (await answers(cluster, found))) return found;
    if (found.letsClientsIn || Date.now() > deadline) {
      await stop(cluster);
      return undefined;
    }
    await delay(POLL_MS);
  }
}

/** Both sides prove by scram that they know the password: what answers is ours. */
async function answers(cluster: Cluster, { pid, port }: Postmaster): Promise<boolean> {
  for (let attempt = 1; attempt <= ANSWER_ATTEMPTS_MAX; attempt += 1) {
    try {
      const client = await connect(urlOf(cluster, port, 'postgres'), 'pgtally start');
      await client.end();
      return true;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (cause instanceof pg.DatabaseError) {
        if (cause.code === '28P01') throw passwordRefused(cluster, pid, error);
        // Any other error of the server's shows that it lives, and is not to be stopped.
        return true;
      }
      if (codeOf(cause) === 'ECONNREFUSED') return false;
    }
  }
  return false;
}

function passwordRefused(cluster: Cluster, pid: number, cause: unknown): UserError {
  const file = path.join(path.dirname(cluster.data), 'password');
  return new UserError(`the database server (process ${pid}) refuses the password kept for it`, {
    hint: `Put back what stood in ${file}`,
    cause,
  });
}

export async function start(
  cluster: Cluster,
  port: number,
  settings: Record<string, string>,
): Promise<Postmaster> {
  const { pgCtl } = await findMatchingBinaries(cluster);
  await forgetReusedPid(cluster);
  await writeSettings(cluster, port, settings);
  await startNewLog(cluster);
  const args = ['start', '-w', '-t', String(START_S_MAX), '-D', cluster.seen];
  args.push('-l', `${cluster.seen}/${LOG_FILE}`);
  const deadline = Date.now() + OLD_MEMORY_MS_MAX;
  for (;;) {
    const logged = await logSize(cluster);
    const { account, data: cwd } = cluster;
    const { code, failure } = await run(pgCtl, args, { account, cwd, output: 'dropped' });
    const found = code === 0 ? await findPostmaster(cluster) : undefined;
    if (found !== undefined && (await answers(cluster, found))) return found;
    const said = await readLog(cluster, logged);
    if (!said.includes('pre-existing shared memory block') || Date.now() > deadline) {
      throw startFailure(cluster, port, said, failure ?? `pg_ctl ended with ${code}`);
    }
    await delay(POLL_MS);
  }
}

/** Ends every session and stops; false: nothing was running. */
export async function stop(cluster: Cluster): Promise<boolean> {
  const found = await findPostmaster(cluster);
  if (found === undefined) return false;
  const { pgCtl } = await findMatchingBinaries(cluster);
  const { account, data: cwd } = cluster;
  const modes = [
    ['fast', FAST_STOP_S_MAX],
    ['immediate', IMMEDIATE_STOP_S_MAX],
  ] as const;
  for (const [mode, seconds] of modes) {
    const args = ['stop', '-w', '-m', mode, '-t', String(seconds), '-D', cluster.seen];
    await run(pgCtl, args, { account, cwd });
    if (!(await runsOn(cluster, found.pid))) return true;
  }
  throw new UserError(`the database server (process ${found.pid}) does not stop`, {
    hint: `See what it says in ${logFile(cluster)}, end it, and try again; no data is lost`,
  });
}

/**
 * PostgreSQL takes a process of its own account for the server that wrote the pid file. The file
 * stays, with a number that no process has, because it also leads PostgreSQL to memory that
 * sessions of that server may still be using.
 */
async function forgetReusedPid(cluster: Cluster): Promise<void> {
  const found = await readPidFile(cluster);
  if (found === undefined || !isAlive(found.pid) || (await runsOn(cluster, found.pid))) return;
  const text = await readFile(pidFile(cluster), 'utf8');
  await writeFile(pidFile(cluster), text.replace(/^\d+/, String(NO_PROCESS)));
}

function startFailure(cluster: Cluster, port: number, said: string, otherwise: string): UserError {
  const bind = /could not bind [^\n]*: ([^\n]+)/.exec(said)?.[1];
  if (bind !== undefined) {
    return new UserError(`PostgreSQL cannot listen on port ${port} of 127.0.0.1: ${bind}`, {
      hint: 'Set TALLY_PG_PORT to a free port, or DATABASE_URL to the server that is there',
    });
  }
  return new UserError(`PostgreSQL did not start: ${lastLines(said) || otherwise}`, {
    hint: `The whole log is in ${logFile(cluster)}`,
  });
}
