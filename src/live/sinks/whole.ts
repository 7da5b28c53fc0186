import { Chunk } from '../frame.js';
import type { Sink } from './sink.js';

/** The newest state of each topic, as JSON text. */
export type Values = ReadonlyMap<string, string>;

/** One JSON text of all of them; undefined while it lacks one that it needs. */
export type Compose = (values: Values) => string | undefined;

type Said =
  | { readonly says: 'update'; readonly topic: string; readonly json: string }
  | { readonly says: 'hidden'; readonly topic: string; readonly frame: string }
  | { readonly says: 'sync' | 'something else'; readonly frame: string };

const FRAME_END = '\n\n';
const SYNC_DATA = /^data: .*$/m;
/** As live/frame.ts writes it. */
const UPDATE = /^\{"topic":("(?:[^"\\]|\\.)*"),"(?:value|body)":(.+),"version":\d+\}$/s;
const HIDDEN = /^event: (?:unavailable|gone)\ndata: \{"topic":("(?:[^"\\]|\\.)*")/;

/**
 * For clients that show one thing: no updates, and each `sync` carries all of it. So it is whole at
 * each sync, whatever a transaction changed. Such a stream must be told everything when it begins.
 */
export function wholeSink(sink: Sink, compose: Compose): Sink {
  const values = new Map<string, string>();
  return {
    ...sink,
    write: (chunk) => {
      const said = saidBy(chunk);
      // A heartbeat, most of the time.
      if (said === undefined) return sink.write(chunk);
      const shown = said.flatMap((one) => shownAs(one, values, compose) ?? []);
      if (shown.length === 0) return true;
      return sink.write(new Chunk(shown.map((frame) => Buffer.from(frame + FRAME_END))));
    },
  };
}

function shownAs(said: Said, values: Map<string, string>, compose: Compose): string | undefined {
  switch (said.says) {
    case 'update':
      values.set(said.topic, said.json);
      return undefined;
    case 'hidden':
      // It is in no sync either, until its update comes again.
      values.delete(said.topic);
      return said.frame;
    case 'sync': {
      const whole = compose(values)?.replace(/\r\n|\r|\n/g, '\ndata: ');
      return whole === undefined
        ? undefined
        : said.frame.replace(SYNC_DATA, () => `data: ${whole}`);
    }
    case 'something else':
      return said.frame;
  }
}

const read = new WeakMap<Chunk, readonly Said[]>();

/** Read once for all who get it. Undefined: it says nothing. */
function saidBy(chunk: Chunk): readonly Said[] | undefined {
  const known = read.get(chunk);
  if (known !== undefined) return known;
  const text = chunk.plain.toString();
  if (!text.includes('event: ')) return undefined;
  const frames = text.split(FRAME_END).filter((frame) => frame !== '');
  const said = frames.map(saidIn);
  read.set(chunk, said);
  return said;
}

function saidIn(frame: string): Said {
  if (frame.startsWith('event: update\n')) return { says: 'update', ...updateOf(frame) };
  const [, hidden] = HIDDEN.exec(frame) ?? [];
  if (hidden !== undefined) return { says: 'hidden', topic: String(JSON.parse(hidden)), frame };
  return { says: frame.startsWith('event: sync\n') ? 'sync' : 'something else', frame };
}

function updateOf(frame: string): { topic: string; json: string } {
  const lines = frame.split('\n').flatMap((line) => /^data: (.*)$/s.exec(line)?.[1] ?? []);
  const [, topic, json] = UPDATE.exec(lines.join('\n')) ?? [];
  if (topic === undefined || json === undefined) throw new Error('an update of another form');
  return { topic: String(JSON.parse(topic)), json };
}
