import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type CliOptions = {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
};

/** Runs the program as from a checkout. DATABASE_URL is unset unless `env` sets it. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return await startCli(args, options).ended;
}

/** For verbs that go on until they are interrupted. */
export function startCli(args: readonly string[], options: CliOptions = {}) {
  const child = spawn(process.execPath, ['--import=tsx', 'src/cli.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: undefined, ...options.env },
    stdio: 'pipe',
  });
  child.stdin.end(options.stdin ?? '');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  const parts = [once(child, 'close'), text(child.stdout), text(child.stderr)] as const;
  const ended = Promise.all(parts).then(([[code], stdout, stderr]): CliResult => {
    return { code: typeof code === 'number' ? code : -1, stdout, stderr };
  });
  return { ended, said: () => said, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}
