import test from 'ava';
import { begin, renew } from '../../../src/live/catch-up.js';
import type { Chunk } from '../../../src/live/frame.js';
import { Hub } from '../../../src/live/hub.js';
import type { Change, Reading, Snapshot } from '../../../src/live/reading.js';
import { Session } from '../../../src/live/session.js';
import type { Sink, SinkEvents } from '../../../src/live/sinks/sink.js';
import { parseTopic, type Topic } from '../../../src/live/topic.js';

const HISTORY = 'cafe0001';

function topic(text: string): Topic {
  const parsed = parseTopic(text);
  if (parsed === undefined) throw new Error(`${text} is no topic`);
  return parsed;
}

function reading(text: string, over: Partial<Reading> = {}): Reading {
  return {
    topic: topic(text),
    kind: 'counter',
    audience: 'public',
    state: 'ready',
    json: '0',
    version: 0,
    settled: true,
    ...over,
  };
}

function change(text: string, value: number, version: number): Change {
  return { topic: topic(text), json: String(value), version };
}

/** A client that keeps what it is sent; `isFull` as long as it does not read. */
class Client implements Sink {
  isFull = false;
  text = '';
  events: SinkEvents | undefined;

  attach(events: SinkEvents): void {
    this.events = events;
  }

  write(chunk: Chunk): boolean {
    this.text += chunk.plain.toString();
    return !this.isFull;
  }

  left(): number | undefined {
    return undefined;
  }

  end(): void {
    this.text += '<end>';
  }

  cut(): void {
    this.text += '<cut>';
  }

  /** What came since it was asked last, a line an event, without the retry. */
  take(): string[] {
    const frames = this.text.split('\n\n').filter((frame) => frame !== '');
    this.text = '';
    return frames
      .filter((frame) => !frame.startsWith('retry'))
      .map((frame) =>
        frame
          .replace(/^event: /, '')
          .replaceAll('\n', ' ')
          .replaceAll(HISTORY, 'H'),
      );
  }
}

class Rig {
  readonly refreshed: Session[] = [];
  readonly conflated: number[] = [];
  strange = 0;
  readonly hub = new Hub({
    observe: (event) => {
      if (event.kind === 'conflated') this.conflated.push(event.frames);
    },
    refresh: (sessions) => this.refreshed.push(...sessions),
    onStrange: () => {
      this.strange += 1;
    },
  });

  constructor(pulse: number) {
    this.hub.rebase(HISTORY, pulse);
  }

  join(...texts: string[]): Session {
    const session = new Session({
      environment: {
        ...{ heartbeatMs: 15_000, stallMs: 30_000 },
        onDrained: (drained) => this.hub.goOn(drained),
        onClosed: (closed) => this.hub.leave(closed),
      },
      viewer: undefined,
      endsAt: Number.POSITIVE_INFINITY,
    });
    this.hub.join(session, texts.map(topic));
    return session;
  }

  begin(session: Session, snapshot: Partial<Snapshot>, lastEventId?: string): Client {
    const client = new Client();
    const full = { history: HISTORY, pulse: this.hub.pulse, readings: [], ...snapshot };
    begin(this.hub, session, { sink: client, snapshot: full, lastEventId });
    return client;
  }
}

test('all updates but the last carry an id from before, so that a cut between them loses nothing', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b');
  const client = rig.begin(session, {
    readings: [reading('a', { json: '5', version: 12 }), reading('b', { json: '6', version: 9 })],
  });
  t.deepEqual(client.take(), [
    'update id: H.0 data: {"topic":"a","value":5,"version":12}',
    'update id: H.17 data: {"topic":"b","value":6,"version":9}',
    'sync id: H.17 data: {"pulse":17}',
  ]);
  rig.hub.deliver(18, [change('a', 7, 18), change('b', 8, 18)]);
  t.deepEqual(client.take(), [
    'update id: H.17 data: {"topic":"a","value":7,"version":18}',
    'update id: H.18 data: {"topic":"b","value":8,"version":18}',
    'sync id: H.18 data: {"pulse":18}',
  ]);
});

test('a client that comes back with an id gets what changed after it, and no more', (t) => {
  const rig = new Rig(17);
  const readings = [
    reading('a', { json: '5', version: 12 }),
    reading('b', { json: '6', version: 9 }),
    reading('c'),
  ];
  const come = (id: string) => rig.begin(rig.join('a', 'b', 'c'), { readings }, id).take();
  t.deepEqual(come(`${HISTORY}.9`), [
    'update id: H.17 data: {"topic":"a","value":5,"version":12}',
    'sync id: H.17 data: {"pulse":17}',
  ]);
  t.deepEqual(come(`${HISTORY}.17`), ['sync id: H.17 data: {"pulse":17}']);
  const all = come('');
  t.is(all.length, 4);
  for (const id of [`${HISTORY}.18`, 'beef0002.9', `${HISTORY}.0`, `${HISTORY}.-1`, 'x', '17']) {
    t.deepEqual(come(id), all, id);
  }
});

test('what the hub delivers while a session reads its snapshot is not lost and not told twice', (t) => {
  const rig = new Rig(17);
  const early = rig.join('a', 'b');
  rig.hub.deliver(18, [change('a', 1, 18)]);
  rig.hub.deliver(19, [change('b', 2, 19)]);
  const client = rig.begin(early, {
    pulse: 18,
    readings: [reading('a', { json: '1', version: 18 }), reading('b')],
  });
  t.deepEqual(client.take().slice(3), [
    'update id: H.19 data: {"topic":"b","value":2,"version":19}',
    'sync id: H.19 data: {"pulse":19}',
  ]);

  const ahead = rig.join('a');
  const other = rig.begin(ahead, {
    pulse: 21,
    readings: [reading('a', { json: '9', version: 21 })],
  });
  other.take();
  rig.hub.deliver(20, [change('a', 8, 20)]);
  rig.hub.deliver(21, [change('a', 9, 21)]);
  t.deepEqual(other.take(), [], 'older than its snapshot, or in it');
  rig.hub.deliver(22, [change('a', 10, 22)]);
  t.is(other.take().length, 2);
});

test('a session whose snapshot saw pending changes waits for the pulse that has them all', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b');
  const client = rig.begin(session, {
    readings: [
      reading('a', { json: '6', settled: false }),
      reading('b', { json: '4', version: 3 }),
    ],
  });
  client.take();
  // This pulse may have begun before the snapshot: half of what it saw may be missing here.
  rig.hub.deliver(18, [change('a', 5, 18)], { isFold: true });
  t.deepEqual(client.take(), []);
  // Documents have pulses of their own, which say nothing of what the fold before them saw.
  rig.hub.deliver(19, [change('b', 4, 19)]);
  t.deepEqual(client.take(), []);
  rig.hub.deliver(20, [change('b', 3, 20), change('a', 6, 20)], { isFold: true });
  t.deepEqual(client.take(), [
    'update id: H.17 data: {"topic":"a","value":6,"version":20}',
    'update id: H.20 data: {"topic":"b","value":3,"version":20}',
    'sync id: H.20 data: {"pulse":20}',
  ]);
  t.deepEqual(rig.refreshed, []);
  rig.hub.close();
});

test('an id from before is of before all that has waited, not only of before the last pulse', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b', 'c');
  const readings = [reading('a', { json: '1', settled: false }), reading('b'), reading('c')];
  const client = rig.begin(session, { readings });
  client.take();
  rig.hub.deliver(18, [change('a', 1, 18), change('c', 1, 18)], { isFold: true });
  rig.hub.deliver(19, [change('b', 1, 19)], { isFold: true });
  const ids = client.take().map((line) => /id: (\S+)/.exec(line)?.[1]);
  // Cut off after the first, its client comes back with what it had before 18, and gets c as well.
  t.deepEqual(ids, ['H.17', 'H.17', 'H.19', 'H.19']);
  rig.hub.close();
});

test('what changed before anybody knew what kind it is goes out as what it is', (t) => {
  const rig = new Rig(17);
  const session = rig.join('doc');
  rig.hub.deliver(18, [{ topic: topic('doc'), json: '{"n":2}', version: 18 }]);
  const old = reading('doc', { kind: 'summary', json: '{"n":1}', version: 9 });
  const client = rig.begin(session, { pulse: 17, readings: [old] });
  t.deepEqual(client.take(), [
    'update id: H.17 data: {"topic":"doc","body":{"n":1},"version":9}',
    'sync id: H.17 data: {"pulse":17}',
    'update id: H.18 data: {"topic":"doc","body":{"n":2},"version":18}',
    'sync id: H.18 data: {"pulse":18}',
  ]);
});

test('declared otherwise while a session reads its first snapshot, it reads again', (t) => {
  const rig = new Rig(17);
  const told = rig.join('a');
  rig.begin(told, { readings: [reading('a', { state: 'filling', json: 'null' })] });
  const late = rig.join('a');
  rig.hub.redefine(['a'], [{ name: 'a', kind: 'counter', audience: 'public', state: 'ready' }]);
  t.deepEqual(rig.refreshed, [told]);
  const client = rig.begin(late, { readings: [reading('a', { state: 'filling', json: 'null' })] });
  t.is(client.take()[0], 'unavailable data: {"topic":"a","reason":"filling"}');
  t.deepEqual(rig.refreshed, [told, late]);
  renew(rig.hub, late, { history: HISTORY, pulse: 17, readings: [reading('a')] });
  t.is(client.take()[0], 'update id: H.17 data: {"topic":"a","value":0,"version":0}');
  t.deepEqual(rig.refreshed, [told, late], 'once');
});

test('where two were told different things of one declaration, all read again after a look at it', (t) => {
  const rig = new Rig(17);
  const ready = { name: 'a', kind: 'counter', audience: 'public', state: 'ready' } as const;
  const first = rig.join('a');
  rig.begin(first, { readings: [reading('a', { state: 'filling', json: 'null' })] });
  t.false(rig.hub.isTornOnDefinitions);
  const second = rig.join('a');
  rig.begin(second, { readings: [reading('a')] });
  t.true(rig.hub.isTornOnDefinitions);
  rig.hub.redefine(['a'], [ready]);
  t.deepEqual(new Set(rig.refreshed), new Set([first, second]));
  for (const session of [first, second]) {
    renew(rig.hub, session, { history: HISTORY, pulse: 17, readings: [reading('a')] });
  }
  t.false(rig.hub.isTornOnDefinitions, 'nobody is told anything else');
  const third = rig.join('a');
  rig.begin(third, { readings: [reading('a', { state: 'filling', json: 'null' })] });
  rig.hub.redefine(['a'], [ready]);
  t.is(rig.refreshed.length, 5, 'also where the declaration is what it was known to be');
});

test('where that pulse does not come, the session reads for itself', async (t) => {
  const rig = new Rig(17);
  const session = rig.join('a');
  const client = rig.begin(session, { readings: [reading('a', { json: '6', settled: false })] });
  client.take();
  rig.hub.deliver(18, [change('a', 6, 18)]);
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (rig.refreshed.length === 0) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  t.deepEqual(rig.refreshed, [session]);
  const readings = [reading('a', { json: '6', version: 18 })];
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings });
  t.deepEqual(client.take(), [
    'update id: H.18 data: {"topic":"a","value":6,"version":18}',
    'sync id: H.18 data: {"pulse":18}',
  ]);
  rig.hub.deliver(19, [change('a', 7, 19)]);
  t.is(client.take().length, 2, 'certain again');
});

test('a slow reader gets the newest of each topic when there is room, not what was between', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b');
  const client = rig.begin(session, { readings: [reading('a'), reading('b')] });
  client.isFull = true;
  rig.hub.deliver(18, [change('a', 1, 18)]);
  client.take();
  rig.hub.deliver(19, [change('a', 2, 19)]);
  rig.hub.deliver(20, [change('a', 3, 20), change('b', 1, 20)]);
  rig.hub.deliver(21, [change('a', 4, 21)]);
  t.deepEqual(client.take(), [], 'nothing is queued');
  t.deepEqual(rig.conflated, [1, 1]);
  client.isFull = false;
  client.events?.drained();
  t.deepEqual(client.take(), [
    'update id: H.18 data: {"topic":"a","value":4,"version":21}',
    'update id: H.21 data: {"topic":"b","value":1,"version":20}',
    'sync id: H.21 data: {"pulse":21}',
  ]);
});

test('after a look at the table, who joined meanwhile and knows less reads for himself', (t) => {
  const rig = new Rig(17);
  const before = rig.join('a');
  rig.begin(before, { readings: [reading('a')] });
  const { fence } = rig.hub;
  const after = rig.join('b');
  rig.begin(after, { readings: [reading('b')] });
  const reads = rig.join('b');
  rig.hub.deliverRead(25, [change('a', 3, 24)], fence);
  t.deepEqual(rig.refreshed, [after]);
  rig.begin(reads, { pulse: 20, readings: [reading('b')] });
  t.deepEqual(rig.refreshed, [after, reads], 'its snapshot is older than what the hub skipped to');
});

test('a session that has to read is told nothing else until it has', (t) => {
  const rig = new Rig(17);
  const { fence } = rig.hub;
  const session = rig.join('a', 'b');
  const client = rig.begin(session, { readings: [reading('a'), reading('b')] });
  client.take();
  // b changed in 20, and was not among what was asked for.
  rig.hub.deliverRead(20, [change('a', 1, 20)], fence);
  rig.hub.deliver(21, [change('a', 2, 21)]);
  t.deepEqual(client.take(), [], 'a without b would be half of it');
  const readings = [
    reading('a', { json: '1', version: 20 }),
    reading('b', { json: '1', version: 20 }),
  ];
  renew(rig.hub, session, { history: HISTORY, pulse: 20, readings });
  t.deepEqual(client.take(), [
    'update id: H.17 data: {"topic":"a","value":1,"version":20}',
    'update id: H.20 data: {"topic":"b","value":1,"version":20}',
    'sync id: H.20 data: {"pulse":20}',
    'update id: H.21 data: {"topic":"a","value":2,"version":21}',
    'sync id: H.21 data: {"pulse":21}',
  ]);
  renew(rig.hub, session, { history: HISTORY, pulse: 20, readings });
  t.deepEqual(client.take(), [], 'an older snapshot that comes late is dropped');
});

test('another history makes every session read anew and get everything', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a');
  const client = rig.begin(session, { readings: [reading('a', { json: '5', version: 17 })] });
  client.take();
  rig.hub.rebase('beef0002', 3);
  t.deepEqual(rig.refreshed, [session]);
  rig.hub.deliver(4, [change('a', 2, 4)]);
  t.deepEqual(client.take(), [], 'its numbers are of another count');
  renew(rig.hub, session, {
    history: 'beef0002',
    pulse: 4,
    readings: [reading('a', { json: '2', version: 4 })],
  });
  t.deepEqual(client.take(), [
    'update id: beef0002.4 data: {"topic":"a","value":2,"version":4}',
    'sync id: beef0002.4 data: {"pulse":4}',
  ]);
});

test('a topic that cannot be read now is said to be so, and follows when it can', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b');
  const filling = reading('b', { state: 'filling', json: 'null' });
  const client = rig.begin(session, { readings: [reading('a'), filling] });
  t.deepEqual(client.take(), [
    'unavailable data: {"topic":"b","reason":"filling"}',
    'update id: H.0 data: {"topic":"a","value":0,"version":0}',
    'sync id: H.0 data: {"pulse":17}',
  ]);
  rig.hub.deliver(18, [change('a', 1, 18)]);
  t.deepEqual(
    client.take(),
    [
      'update id: H.0 data: {"topic":"a","value":1,"version":18}',
      'sync id: H.0 data: {"pulse":18}',
    ],
    'whoever comes back with this id hears of b, changed or not',
  );
  const state = (of: 'filling' | 'ready') =>
    ({ name: 'b', kind: 'counter', audience: 'public', state: of }) as const;
  rig.hub.redefine(['b'], [state('filling')]);
  t.deepEqual(rig.refreshed, []);
  rig.hub.redefine(['b'], [state('ready')]);
  t.deepEqual(rig.refreshed, [session]);
  const a = reading('a', { json: '1', version: 18 });
  const readings = [a, reading('b', { json: '3', version: 2 })];
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings });
  t.deepEqual(client.take(), [
    'update id: H.18 data: {"topic":"b","value":3,"version":2}',
    'sync id: H.18 data: {"pulse":18}',
  ]);
});

test('a topic that is gone is said to be so once; one that is not allowed any more ends the stream', (t) => {
  const rig = new Rig(17);
  const session = rig.join('a', 'b');
  const client = rig.begin(session, { readings: [reading('a'), reading('b')] });
  client.take();
  const gone = reading('b', { state: 'unknown', kind: undefined });
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings: [reading('a'), gone] });
  t.deepEqual(client.take(), ['gone data: {"topic":"b"}', 'sync id: H.0 data: {"pulse":18}']);
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings: [reading('a'), gone] });
  t.deepEqual(client.take(), []);
  const again = reading('b', { json: '7', version: 3 });
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings: [reading('a'), again] });
  t.deepEqual(client.take(), [
    'update id: H.18 data: {"topic":"b","value":7,"version":3}',
    'sync id: H.18 data: {"pulse":18}',
  ]);
  const forbidden = reading('a', { audience: 'role:staff' });
  renew(rig.hub, session, { history: HISTORY, pulse: 18, readings: [forbidden] });
  t.deepEqual(client.take(), ['forbidden data: {"topic":"a"}', '<end>']);
  t.is(rig.hub.topicCount, 0);
  t.is(rig.hub.sessions.size, 0);
});
