import { fileURLToPath } from 'node:url';
import type { FromClient, Target, ToClient } from '../client/protocol.js';
import type { Receipt } from '../client/streams.js';
import { startChild } from './children.js';

const MAIN = fileURLToPath(new URL('../client/main.ts', import.meta.url));
const ANSWER_MS_MAX = 60_000;

export type LoadClient = {
  readonly pid: number;
  open(target: Target, count: number): Promise<void>;
  /** Resolves when the streams are watched; `received` when each of them has got the bytes. */
  watch(needle: string): Promise<{ readonly received: Promise<Receipt> }>;
  close(): Promise<void>;
  stop(): Promise<void>;
};

type Answer<Kind extends FromClient['kind']> = Extract<FromClient, { kind: Kind }>;

export async function startClient(): Promise<LoadClient> {
  const child = startChild({
    name: 'load client',
    path: process.execPath,
    args: ['--import=tsx', MAIN],
    channel: true,
  });
  const answer = <Kind extends FromClient['kind']>(kind: Kind): Promise<Answer<Kind>> =>
    new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(late);
        child.process.off('message', listen);
        child.process.off('exit', ended);
        act();
      };
      const listen = (message: FromClient) => {
        if (message.kind === kind) done(() => resolve(message as Answer<Kind>));
        else if (message.kind === 'failed') done(() => reject(new Error(message.message)));
      };
      const ended = () => done(() => reject(new Error(child.said())));
      const late = setTimeout(
        () =>
          done(() => reject(new Error(`the load client had no ${kind} in ${ANSWER_MS_MAX} ms`))),
        ANSWER_MS_MAX,
      );
      child.process.on('message', listen);
      child.process.once('exit', ended);
    });
  const ask = async <Kind extends FromClient['kind']>(message: ToClient, kind: Kind) => {
    const answered = answer(kind);
    child.process.send?.(message);
    return await answered;
  };
  await answer('started');
  return {
    pid: child.pid,
    open: async (target, count) => {
      await ask({ kind: 'open', target, count }, 'opened');
    },
    watch: async (needle) => {
      const received = answer('received').then(({ first, half, last }) => ({
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
    stop: child.stop,
  };
}
