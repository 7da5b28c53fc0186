import type { FromClient, ToClient } from './protocol.js';
import { Streams } from './streams.js';

/** The load client: a process of its own, told what to do by messages. */
let streams: Streams | undefined;
/** A stream that was lost while nobody asked anything; told at the next question. */
let failure: string | undefined;

process.on('message', (message: ToClient) => {
  void obey(message).catch((error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
// Whoever started it is gone, however that happened.
process.on('disconnect', () => process.exit());
tell({ kind: 'started' });

async function obey(message: ToClient): Promise<void> {
  switch (message.kind) {
    case 'open':
      streams = new Streams(message.target, fail);
      await streams.open(message.count);
      tell({ kind: 'opened' });
      return;
    case 'watch': {
      if (failure !== undefined) throw new Error(failure);
      if (streams === undefined) throw new Error('no streams are open');
      const received = streams.watch(Buffer.from(message.needle));
      tell({ kind: 'watching' });
      const { first, half, last } = await received;
      tell({ kind: 'received', first: `${first}`, half: `${half}`, last: `${last}` });
      return;
    }
    case 'close':
      await streams?.close();
      streams = undefined;
      failure = undefined;
      tell({ kind: 'closed' });
  }
}

function fail(why: string): void {
  failure ??= why;
  tell({ kind: 'failed', message: why });
}

function tell(message: FromClient): void {
  process.send?.(message);
}
