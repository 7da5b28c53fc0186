import { fileURLToPath } from 'node:url';
import type { FromClient, Target, ToClient } from '../client/protocol.js';
import type { Receipt } from '../client/streams.js';
import { startWorker } from './worker.js';

const MAIN = fileURLToPath(new URL('../client/main.ts', import.meta.url));

export type LoadClient = {
  readonly pid: number;
  open(target: Target, count: number): Promise<void>;
  /** Resolves when the streams are watched; `received` when each of them has got the bytes. */
  watch(needle: string): Promise<{ readonly received: Promise<Receipt> }>;
  close(): Promise<void>;
  stop(): Promise<void>;
};

export async function startClient(): Promise<LoadClient> {
  const worker = startWorker<ToClient, FromClient>('load client', MAIN);
  const ask = async <Kind extends FromClient['kind']>(message: ToClient, kind: Kind) => {
    const answered = worker.next(kind);
    worker.tell(message);
    return await answered;
  };
  await worker.next('started');
  return {
    pid: worker.pid,
    open: async (target, count) => {
      await ask({ kind: 'open', target, count }, 'opened');
    },
    watch: async (needle) => {
      const received = worker.next('received').then(({ first, half, last }) => ({
        first: BigInt(first),
        half: BigInt(half),
        last: BigInt(last),
      }));
      // Whoever does not come to wait for it hears of the failure at the next call.
      received.catch(() => undefined);
      await ask({ kind: 'watch', needle }, 'watching');
      return { received };
    },
    close: async () => {
      await ask({ kind: 'close' }, 'closed');
    },
    stop: worker.stop,
  };
}
