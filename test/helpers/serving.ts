import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { freePort } from './ports.js';
import { SECRET } from './tokens.js';
import { until } from './wait.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_MS = 60_000;
const OUTPUT_CHARS_MAX = 100_000;

export type ServingOptions = {
  readonly databaseUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Does not wait until it is ready: the database may be away. */
  readonly unready?: boolean;
};

export type Serving = {
  readonly url: string;
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  isAlive(): boolean;
  /** The exit code, or the signal that ended it. */
  ended(deadlineMs?: number): Promise<number | string>;
};

/** `pgtally serve` as a process of its own, ended with the test. */
export async function serve(
  t: ExecutionContext<unknown>,
  options: ServingOptions,
): Promise<Serving> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--import=tsx', 'src/cli.ts', 'serve'], {
    cwd: ROOT,
    env: {
      ...process.env,
      DATABASE_URL: options.databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(port),
      TALLY_JWT_SECRET: SECRET,
      LOG_LEVEL: 'info',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
    });
  }
  t.teardown(async () => {
    if (!t.passed) t.log(output);
    await end(child);
  });
  await until(
    async () => {
      if (!isAlive(child)) throw new Error(`it ended: ${output}`);
      const { status } = await fetch(`${url}/${options.unready === true ? 'health' : 'ready'}`);
      // Its own answer, and not that of another one who listens where it could not.
      return status === 200 && output.includes(`listening on ${url}`);
    },
    { what: `pgtally serve on ${url}`, deadlineMs: START_MS },
  ).catch((error: unknown) => {
    t.log(output);
    throw error;
  });
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    signal: (name) => child.kill(name),
    isAlive: () => isAlive(child),
    ended: (deadlineMs = 15_000) =>
      until(() => child.signalCode ?? (child.exitCode === null ? false : String(child.exitCode)), {
        what: 'the end of the server',
        deadlineMs,
      }).then((how) => (/^\d+$/.test(how) ? Number(how) : how)),
  };
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
}
