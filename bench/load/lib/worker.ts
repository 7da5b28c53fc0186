import { startChild } from './children.js';

type Message = { readonly kind: string };
type Of<From extends Message, Kind> = Extract<From, { kind: Kind }>;

/** A part of the load in a process of its own, told what to do by messages. */
export type Worker<To extends Message, From extends Message> = {
  readonly pid: number;
  /** Resolves with the next message of this kind, or fails with what went wrong instead. */
  next<Kind extends From['kind']>(kind: Kind, msMax?: number): Promise<Of<From, Kind>>;
  tell(message: To): void;
  stop(): Promise<void>;
};

const ANSWER_MS_MAX = 60_000;

export function startWorker<To extends Message, From extends Message>(
  name: string,
  path: string,
): Worker<To, From> {
  const args = ['--import=tsx', path];
  const child = startChild({ name, path: process.execPath, args, channel: true });
  return {
    pid: child.pid,
    next: (kind, msMax = ANSWER_MS_MAX) =>
      new Promise((resolve, reject) => {
        const done = (act: () => void) => {
          clearTimeout(late);
          child.process.off('message', listen);
          child.process.off('exit', ended);
          act();
        };
        const listen = (message: From | Failed) => {
          if (isOf<From, typeof kind>(message, kind)) done(() => resolve(message));
          else if (isFailed(message)) done(() => reject(new Error(message.message)));
        };
        const ended = () => done(() => reject(new Error(child.said())));
        const late = setTimeout(
          () => done(() => reject(new Error(`the ${name} had no ${kind} in ${msMax} ms`))),
          msMax,
        );
        child.process.on('message', listen);
        child.process.once('exit', ended);
      }),
    tell: (message) => {
      child.process.send?.(message);
    },
    stop: child.stop,
  };
}

/** What any worker may say, at any time. */
export type Failed = { readonly kind: 'failed'; readonly message: string };

function isFailed(message: Message): message is Failed {
  return message.kind === 'failed';
}

function isOf<From extends Message, Kind>(message: Message, kind: Kind): message is Of<From, Kind> {
  return message.kind === kind;
}
