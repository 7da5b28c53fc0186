import { Chunk } from '../frame.js';
import type { Sink } from './sink.js';

/** The newest state of each topic, as JSON text. */
export type Values = ReadonlyMap<string, string>;

/** One JSON text of all of them; undefined while it lacks one that it needs. */
export type Compose = (values: Values) => string | undefined;

const FRAME_END = '\n\n';
const SYNC_DATA = /^data: .*$/m;
/** As live/frame.ts writes it. */
const UPDATE = /^\{"topic":("(?:[^"\\]|\\.)*"),"(?:value|body)":(.+),"version":\d+\}$/s;

/**
 * For clients that show one thing: no updates, and each `sync` carries all of it. So it is whole at
 * each sync, whatever a transaction changed. Such a stream must be told everything when it begins.
 */
export function wholeSink(sink: Sink, compose: Compose): Sink {
  const values = new Map<string, string>();
  return {
    ...sink,
    write: (chunk) => {
      const text = chunk.plain.toString();
      // A heartbeat, most of the time.
      if (!text.includes('event: ')) return sink.write(chunk);
      const frames = text.split(FRAME_END).filter((frame) => frame !== '');
      const shown = frames.flatMap((frame) => shownAs(frame, values, compose) ?? []);
      if (shown.length === 0) return true;
      return sink.write(new Chunk(shown.map((frame) => Buffer.from(frame + FRAME_END))));
    },
  };
}

function shownAs(frame: string, values: Map<string, string>, compose: Compose): string | undefined {
  if (frame.startsWith('event: update\n')) {
    const [topic, json] = updateOf(frame);
    values.set(topic, json);
    return undefined;
  }
  if (!frame.startsWith('event: sync\n')) return frame;
  const whole = compose(values)?.replace(/\r\n|\r|\n/g, '\ndata: ');
  return whole === undefined ? undefined : frame.replace(SYNC_DATA, () => `data: ${whole}`);
}

function updateOf(frame: string): [topic: string, json: string] {
  const lines = frame.split('\n').flatMap((line) => /^data: (.*)$/s.exec(line)?.[1] ?? []);
  const [, topic, json] = UPDATE.exec(lines.join('\n')) ?? [];
  if (topic === undefined || json === undefined) throw new Error('an update of another form');
  return [String(JSON.parse(topic)), json];
}
