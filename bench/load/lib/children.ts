import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const STOP_MS_MAX = 5_000;
const OUTPUT_CHARS_MAX = 4_000;

export type Child = {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it said last, for the message when it ends too early. */
  said(): string;
  running(): boolean;
  stop(): Promise<void>;
};

export type Command = {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With a channel for messages. */
  readonly channel?: boolean;
};

const children = new Set<Child>();

// The last resort, when the run ends without having stopped them in order.
process.once('exit', () => {
  for (const { process: child } of children) child.kill('SIGKILL');
});

/** Every process of the benchmark is started here, so that none outlives it. */
export function startChild({ name, path, args, env, channel }: Command): Child {
  const child = spawn(path, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(channel === true ? (['ipc'] as const) : [])],
  });
  let output = '';
  const keep = (text: Buffer) => {
    output = (output + text.toString()).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('error', (error) => keep(Buffer.from(error.message)));
  const running = () => child.pid !== undefined && child.exitCode === null && !child.signalCode;
  const started: Child = {
    process: child,
    pid: child.pid ?? -1,
    said: () => `${name}: ${output.trim() === '' ? 'no output' : output.trim()}`,
    running,
    stop: async () => {
      if (running()) await end(child);
      children.delete(started);
    },
  };
  children.add(started);
  return started;
}

export async function stopChildren(): Promise<void> {
  await Promise.allSettled([...children].map((child) => child.stop()));
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(late);
}
