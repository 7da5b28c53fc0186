import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { streamRequest } from '../sides/side.js';

const READY_MS_MAX = 10_000;
const WAIT_MS_MAX = 30_000;

export type Arrival = { readonly value: number; readonly at: bigint };

/** A few streams whose every value is noted, with the time when it came. */
export type ValueStreams = {
  /** One list for each stream, as the values came. */
  readonly arrivals: readonly (readonly Arrival[])[];
  /** Resolves when each stream has come to this value, or further. */
  reached(value: number): Promise<void>;
  close(): void;
};

export async function openValueStreams(
  port: number,
  topics: readonly string[],
  watched: string,
  count: number,
): Promise<ValueStreams> {
  const path = `/v1/stream?${topics.map((topic) => `topic=${topic}`).join('&')}`;
  const arrivals: Arrival[][] = Array.from({ length: count }, () => []);
  let changed: () => void = () => undefined;
  const sockets: Socket[] = [];
  for (const list of arrivals) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    const ready = readValues(socket, watched, (value, at) => {
      list.push({ value, at });
      changed();
    });
    socket.write(streamRequest(port, path));
    await ready;
  }
  return {
    arrivals,
    reached: (value) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`not all streams came to ${value} in ${WAIT_MS_MAX} ms`)),
          WAIT_MS_MAX,
        );
        changed = () => {
          if (!arrivals.every((list) => (list.at(-1)?.value ?? -1) >= value)) return;
          clearTimeout(late);
          changed = () => undefined;
          resolve();
        };
        changed();
      }),
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Resolves with the first value: the stream is open. */
function readValues(
  socket: Socket,
  topic: string,
  took: (value: number, at: bigint) => void,
): Promise<void> {
  const pattern = new RegExp(`"topic":"${topic}","value":(-?\\d+)[,}]`, 'g');
  let rest = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`a stream did not begin: ${rest.slice(0, 500)}`)),
      READY_MS_MAX,
    );
    socket.on('data', (chunk: Buffer) => {
      const at = process.hrtime.bigint();
      rest += chunk.toString('latin1');
      let end = 0;
      for (const match of rest.matchAll(pattern)) {
        took(Number(match[1]), at);
        end = match.index + match[0].length;
        clearTimeout(late);
        resolve();
      }
      rest = rest.slice(end).slice(-1_000);
    });
  });
}
