import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.js';

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

/** In order: PostgreSQL's own, on macOS too, and the one that every system has. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody'];

/** PostgreSQL refuses to run as root, so root lends it an account that is there already. */
export function unprivilegedAccount(passwd = '/etc/passwd'): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync(passwd, 'utf8').split('\n');
  for (const name of UNPRIVILEGED) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new UserError('PostgreSQL does not run as root, and there is no other account to lend it', {
    hint: 'Run this as a plain user, or add one: useradd --system postgres',
  });
}

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
      timeout: COMMAND_TIMEOUT_MS,
      windowsHide: true,
      ...account,
    });
    let text = '';
    const keep = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-OUTPUT_BYTES_MAX);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: undefined, output: text, failure: error.code ?? error.message });
    });
    child.on('close', (code, signal) => {
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
