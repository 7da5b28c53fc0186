import { spawn } from 'node:child_process';

/** Whom PostgreSQL's programs run as; undefined: the user that this process runs as. */
export type Account = { uid: number; gid: number };

export type CommandResult = { code: number | undefined; output: string; failure?: string };

type CommandOptions = {
  account: Account | undefined;
  cwd: string;
  /** A server that a command leaves behind would keep our end of a pipe open on Windows. */
  output?: 'kept' | 'dropped';
};

const COMMAND_TIMEOUT_MS = 10 * 60_000;
const OUTPUT_BYTES_MAX = 64 * 1024;

/** Runs a program to its end. It never throws: a program that cannot run is a failure too. */
export function run(
  program: string,
  args: readonly string[],
  { account, cwd, output = 'kept' }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      // Entered before the account is taken on, so it may stand where that account cannot go.
      cwd,
      env: commandEnvironment(),
      stdio: output === 'kept' ? ['ignore', 'pipe', 'pipe'] : 'ignore',
      windowsHide: true,
      ...account,
    });
    // spawn has a limit of its own, which keeps Node waiting when the program could not be run.
    const limit = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
    let text = '';
    const keep = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      resolve({ code: undefined, output: text, failure: error.code ?? error.message });
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (signal === null) resolve({ code: code ?? undefined, output: text });
      else resolve({ code: undefined, output: text, failure: signal });
    });
  });
}

/** English messages, because some are read here; and none of the caller's settings for libpq. */
function commandEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C' };
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(PG|LC_|LANG)/.test(name)) env[name] = value;
  }
  return env;
}

/** What a program said last: enough for a message, not a whole log. */
export function lastLines(text: string, count = 8): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').trim();
}
