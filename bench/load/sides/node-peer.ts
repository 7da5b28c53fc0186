import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../lib/children.js';
import { listening, post } from '../lib/http.js';
import { frameText, needleOf, type RunningSide, type Side, streamRequest } from './side.js';

const PEERS = new URL('../peers/', import.meta.url);

/** As docs/operations.md says that a server is started; the peers have the same. */
export const NODE_FLAGS = ['--use-largepages=silent'];

/** A program of `peers/`, in a process of its own, that collects garbage when it is told to. */
export async function startPeer(
  file: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const child = startChild({
    name: file,
    path: process.execPath,
    args: [...NODE_FLAGS, ...collectable(), fileURLToPath(new URL(file, PEERS))],
    env: { ...env, PORT: String(port), NODE_ENV: 'production' },
  });
  await listening(port, child);
  return child;
}

export function collectable(): string[] {
  return ['--expose-gc', `--import=${new URL('collect-on-signal.js', PEERS).href}`];
}

export function collect(child: Child): void {
  child.process.kill('SIGUSR2');
}

export function peersMissing(): string | undefined {
  if (existsSync(new URL('node_modules/.package-lock.json', PEERS))) return undefined;
  return 'the packages of bench/load/peers could not be installed';
}

/** The peers that take the frame by POST and write it to every stream as it is. */
function relay(name: string, file: string): Side {
  return {
    name,
    missing: peersMissing,
    start: async (_workplace, port): Promise<RunningSide> => {
      const child = await startPeer(file, port);
      let value = 0;
      return {
        pid: child.pid,
        target: { port, request: streamRequest(port, '/stream'), ready: '200 OK' },
        next: () => {
          value += 1;
          const frame = frameText(value);
          return {
            needle: needleOf(value),
            publish: async () => {
              const begun = process.hrtime.bigint();
              await post(port, '/publish', frame);
              return { begun };
            },
          };
        },
        collect: () => collect(child),
        stop: child.stop,
      };
    },
  };
}

export const nodeHttp = relay('node:http and nothing else', 'node-http.js');
export const koaSseStream = relay('koa-sse-stream', 'koa-sse-stream.js');
