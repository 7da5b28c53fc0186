import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../src/errors.js';
import type { Length } from './options.js';

const run = promisify(execFile);
const DEBIAN_DIR = '/usr/lib/postgresql';
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
/** A measurement that hangs must not hang the whole run. */
const OVERTIME_MS = 300_000;

export type PgbenchRun = {
  readonly url: string;
  /** Scripts drawn with equal chance. */
  readonly scripts: readonly string[];
  readonly clients: number;
  readonly length: Length;
  /** Tables are found through it: so all sides run the very same script. */
  readonly schema?: string;
  readonly variables?: Readonly<Record<string, string | number>>;
  /** Transactions per second, second by second. */
  readonly progress?: boolean;
};

export type PgbenchResult = {
  readonly tps: number;
  readonly latencyMs: number;
  readonly transactions: number;
  readonly failed: number;
  readonly perSecond: readonly number[];
};

export type Pgbench = (measurement: PgbenchRun) => Promise<PgbenchResult>;

export async function findPgbench(): Promise<Pgbench> {
  const path = await locate();
  return (measurement) => measure(path, measurement);
}

async function locate(): Promise<string> {
  const versions = existsSync(DEBIAN_DIR) ? await readdir(DEBIAN_DIR) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...newestFirst.map((version) => join(DEBIAN_DIR, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  const found = folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new UserError('there is no pgbench', {
    hint: 'it comes with PostgreSQL: apt-get install postgresql-15 (Debian), brew install libpq',
  });
}

async function measure(path: string, options: PgbenchRun): Promise<PgbenchResult> {
  const { clients, length } = options;
  const timed = 'seconds' in length;
  const args = [
    '--no-vacuum',
    '--protocol=prepared',
    `--client=${clients}`,
    `--jobs=${Math.min(clients, cpus().length)}`,
    timed ? `--time=${length.seconds}` : `--transactions=${length.transactions}`,
    ...(options.progress === true ? ['--progress=1'] : []),
    ...Object.entries(options.variables ?? {}).map(([name, value]) => `--define=${name}=${value}`),
    ...options.scripts.map((script) => `--file=${script}`),
  ];
  const { stdout, stderr } = await run(path, args, {
    env: { ...process.env, ...environment(options) },
    maxBuffer: OUTPUT_BYTES_MAX,
    timeout: OVERTIME_MS + (timed ? length.seconds * 1000 : 0),
  });
  if (/^pgbench: error:/m.test(stderr)) throw new Error(`pgbench failed: ${stderr}`);
  return {
    tps: numberIn(stdout, /^tps = ([\d.]+)/m),
    latencyMs: numberIn(stdout, /^latency average = ([\d.]+) ms/m),
    transactions: numberIn(stdout, /^number of transactions actually processed: (\d+)/m),
    // PostgreSQL 14's reports none: it stops at the first.
    failed: numberIn(stdout, /^number of failed transactions: (\d+)/m, 0),
    perSecond: [...stderr.matchAll(/^progress: .* s, ([\d.]+) tps/gm)].map(([, tps]) =>
      Number(tps),
    ),
  };
}

/** In the environment, because a command line with a password is there for everybody to see. */
function environment(options: PgbenchRun): NodeJS.ProcessEnv {
  const url = new URL(options.url);
  return {
    PGHOST: decodeURIComponent(url.hostname),
    PGPORT: url.port === '' ? '5432' : url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGOPTIONS: options.schema === undefined ? '' : `-c search_path=${options.schema}`,
  };
}

function numberIn(text: string, pattern: RegExp, otherwise?: number): number {
  const found = pattern.exec(text)?.[1];
  if (found !== undefined) return Number(found);
  if (otherwise !== undefined) return otherwise;
  throw new Error(`pgbench printed nothing like ${pattern}: ${text}`);
}
