import { openSocket, requestText } from './connection.js';

type Where = {
  readonly port: number;
  readonly index: number;
  readonly path: string;
  readonly head: string;
};

const FRAME_END = '\n\n';

/** Resolves with the first event that carries data; each is heard whole. */
export function openStream(
  { port, index, path, head }: Where,
  hear: (frames: string) => void,
  failed: (error: Error) => void,
): Promise<void> {
  const socket = openSocket(port, index);
  let rest = '';
  let isOpen = false;
  const fail = (why: string) => failed(new Error(`${path}: ${why}`));
  return new Promise((resolve) => {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      rest = rest === '' ? text : rest + text;
      if (!isOpen && rest.startsWith('HTTP/1.1 ') && !rest.startsWith('HTTP/1.1 200')) {
        fail(rest.slice(0, 500));
      }
      const end = rest.lastIndexOf(FRAME_END);
      if (end < 0) return;
      const frames = rest.slice(0, end);
      rest = rest.slice(end + FRAME_END.length);
      if (!frames.includes('data: ')) return;
      hear(frames);
      isOpen = true;
      resolve();
    });
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('it was closed'));
    socket.write(requestText(port, path, `Accept: text/event-stream\r\n${head}`), 'latin1');
  });
}
