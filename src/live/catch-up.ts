import { judge } from './audience.js';
import {
  Chunk,
  idOf,
  noticeFrame,
  pulseOf,
  retryFrame,
  syncFrame,
  updateData,
  updateHead,
} from './frame.js';
import type { Hub } from './hub.js';
import type { HubTopic } from './hub-topic.js';
import type { Reading, Snapshot } from './reader.js';
import type { Session } from './session.js';
import type { Sink } from './sinks/sink.js';

/** Each client has its own, so that a restart does not bring them back all at once. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 5000;

export type Beginning = { sink: Sink; snapshot: Snapshot; lastEventId: string | undefined };

/** The first frames of a stream: the present state, or what changed since its client left. */
export function begin(
  hub: Hub,
  session: Session,
  { sink, snapshot, lastEventId }: Beginning,
): void {
  const { history, pulse } = snapshot;
  const since = pulseOf(lastEventId ?? '', history, pulse);
  session.begin(sink);
  const retry = RETRY_MS_MIN + Math.floor(Math.random() * (RETRY_MS_MAX - RETRY_MS_MIN));
  const wanted = pairs(session, snapshot).filter(
    ([, { version, settled, state }]) =>
      since === undefined || version > since || !settled || state !== 'ready',
  );
  session.send(
    new Chunk([
      retryFrame(retry),
      ...updates(session, wanted, { before: idOf(history, since ?? 0), id: idOf(history, pulse) }),
      syncFrame(idOf(history, pulse), pulse),
    ]),
  );
  settle(hub, session, snapshot);
}

/** What a session lacks according to a snapshot of its own topics that was just read. */
export function renew(hub: Hub, session: Session, snapshot: Snapshot): void {
  const { history, pulse } = snapshot;
  if (session.isClosed || !refit(hub, session, snapshot)) return;
  if (!session.isFlowing) {
    session.isStale = true;
    return;
  }
  const isNew = session.history !== history;
  const wanted = pairs(session, snapshot).filter(
    ([topic, { version, settled, state }]) =>
      isNew ||
      version > session.pulse ||
      !settled ||
      session.unsettled?.has(topic) ||
      (state === 'ready') === (session.unavailable?.has(topic) ?? false),
  );
  if (wanted.length > 0) {
    const before = idOf(history, isNew ? 0 : session.pulse);
    const id = idOf(history, pulse);
    session.send(new Chunk([...updates(session, wanted, { before, id }), syncFrame(id, pulse)]));
  }
  settle(hub, session, snapshot);
}

type Pair = [topic: HubTopic, reading: Reading];

function pairs(session: Session, { readings }: Snapshot): Pair[] {
  const byText = new Map(session.topics.map((topic) => [topic.text, topic]));
  return readings.flatMap((reading): Pair[] => {
    const { name, scope } = reading.topic;
    const topic = byText.get(scope === '' ? name : `${name}:${scope}`);
    return topic === undefined ? [] : [[topic, reading]];
  });
}

/** All but the last update carry the id before: see the hub. */
function updates(
  session: Session,
  wanted: readonly Pair[],
  { before, id }: { before: string; id: string },
): Buffer[] {
  const ready = wanted.filter(([, { state }]) => state === 'ready');
  const notices = wanted.flatMap(([topic, { state }]) => {
    if (state === 'ready') {
      session.unavailable?.delete(topic);
      return [];
    }
    session.unavailable ??= new Set();
    session.unavailable.add(topic);
    return noticeFrame('unavailable', { topic: topic.text, reason: state });
  });
  const frames = ready.flatMap(([topic, { kind, json, version }], at) => [
    updateHead(at < ready.length - 1 ? before : id),
    updateData(topic.text, kind ?? 'counter', json, version),
  ]);
  return [...notices, ...frames];
}

/** Where it stands now, and what the hub has told meanwhile that the snapshot had not. */
function settle(hub: Hub, session: Session, snapshot: Snapshot): void {
  const known = pairs(session, snapshot);
  for (const [topic, reading] of known) hub.learn(topic, reading);
  const unsettled = known.flatMap(([topic, { settled }]) => (settled ? [] : topic));
  const marks = [...(session.marks ?? [])].filter(({ version }) => version > snapshot.pulse);
  session.history = snapshot.history;
  session.reached(snapshot.pulse);
  session.isStale = false;
  if (unsettled.length > 0) {
    session.unsettled = new Set(unsettled);
    session.holdsUntil = snapshot.pulse + 2;
  }
  for (const topic of marks) session.mark(topic);
  hub.settled(session);
}

/** Declarations may have changed: what it may not see any more, or what is gone, it is told. */
function refit(hub: Hub, session: Session, snapshot: Snapshot): boolean {
  for (const [topic, { audience, state }] of pairs(session, snapshot)) {
    const verdict = state === 'unknown' ? 'hidden' : judge(audience, topic.topic, session.viewer);
    if (verdict === 'allowed') continue;
    const isGone = verdict === 'hidden';
    const notice = noticeFrame(isGone ? 'gone' : 'forbidden', { topic: topic.text });
    session.send(new Chunk([notice]));
    if (!isGone) {
      session.end('forbidden');
      return false;
    }
    hub.drop(session, topic);
  }
  return true;
}
