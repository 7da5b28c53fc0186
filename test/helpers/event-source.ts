import { EventSource } from 'eventsource';
import { Recorder } from './frames.js';
import { type StreamRequest, streamHeaders, streamPath } from './sse.js';

export type Client = {
  readonly recorder: Recorder;
  /** How often it connected. */
  readonly opened: () => number;
  readonly failures: string[];
  readonly readyState: () => number;
  close(): void;
};

const EVENTS = ['update', 'sync', 'unavailable', 'expired', 'message'];

/** What a browser does: it comes back by itself, with the last id that it saw. */
export function openEventSource(request: StreamRequest): Client {
  const recorder = new Recorder();
  const failures: string[] = [];
  let opened = 0;
  const url = new URL(request.base);
  const source = new EventSource(new URL(streamPath(url, request), url), {
    fetch: (address, init) =>
      fetch(address, { ...init, headers: { ...init.headers, ...streamHeaders(request) } }),
  });
  source.addEventListener('open', () => {
    opened += 1;
  });
  source.addEventListener('error', (event) => {
    failures.push(`${event.code ?? ''} ${event.message ?? ''}`.trim());
    if (source.readyState === source.CLOSED) recorder.end('it gave up');
  });
  for (const event of EVENTS) {
    source.addEventListener(event, (message) => {
      const { data, lastEventId } = message;
      const id = lastEventId === '' ? undefined : lastEventId;
      recorder.add({ at: performance.now(), event, id, data: String(data) });
    });
  }
  return {
    recorder,
    failures,
    opened: () => opened,
    readyState: () => source.readyState,
    close: () => source.close(),
  };
}
