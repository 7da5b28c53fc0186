import test from 'ava';
import { Chunk, noticeFrame, syncFrame, updateData, updateHead } from '../../../src/live/frame.js';
import type { Sink } from '../../../src/live/sinks/sink.js';
import { wholeSink } from '../../../src/live/sinks/whole.js';

function collecting() {
  const written: string[] = [];
  const sink: Sink = {
    attach: () => undefined,
    write: (chunk) => {
      written.push(chunk.plain.toString());
      return true;
    },
    left: () => undefined,
    end: () => undefined,
    cut: () => undefined,
  };
  return { written, sink };
}

const update = (topic: string, json: string, version: number) =>
  Buffer.concat([updateHead(`0a.${version}`), updateData(topic, 'counter', json, version)]);
const sync = (pulse: number) => syncFrame(`0a.${pulse}`, pulse);

for (const [event, data] of [
  ['unavailable', { topic: 'a:"1"', reason: 'filling' }],
  ['gone', { topic: 'a:"1"' }],
] as const) {
  test(`what is ${event} is in no sync until its update comes again`, (t) => {
    const { written, sink } = collecting();
    const whole = wholeSink(sink, (values) => {
      const [a, b] = [values.get('a:"1"'), values.get('b')];
      return a === undefined ? undefined : `{"a":${a},"b":${b}}`;
    });
    whole.write(new Chunk([update('a:"1"', '1', 1), update('b', '5', 1), sync(1)]));
    const notice = noticeFrame(event, data);
    whole.write(new Chunk([notice, sync(2)]));
    whole.write(new Chunk([update('b', '6', 3), sync(3)]));
    whole.write(new Chunk([update('a:"1"', '2', 4), sync(4)]));
    t.deepEqual(written, [
      'event: sync\nid: 0a.1\ndata: {"a":1,"b":5}\n\n',
      `${notice}`,
      'event: sync\nid: 0a.4\ndata: {"a":2,"b":6}\n\n',
    ]);
  });
}
