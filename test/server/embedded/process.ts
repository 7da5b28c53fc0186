import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Account } from '../../../src/embedded/command.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const STARTER = fileURLToPath(new URL('./starter.ts', import.meta.url));

export type Outcome = {
  url?: string;
  state?: string;
  version?: string;
  message?: string;
  hint?: string;
};

/** A start in another process: as another user, to be killed, or beside others. */
export function starter(
  dataDir: string,
  port: number,
  account?: Account,
  temporary = tmpdir(),
): { child: ChildProcess; outcome: Promise<Outcome> } {
  const { PATH } = process.env;
  const child = spawn(process.execPath, ['--import=tsx', STARTER, dataDir, String(port)], {
    cwd: ROOT,
    env: { PATH, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
    ...account,
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (text !== '') resolve(JSON.parse(text));
      else resolve({ message: signal === null ? `ended with ${code}` : `killed by ${signal}` });
    });
  });
  return { child, outcome };
}
