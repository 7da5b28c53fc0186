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
import type { Reading, Snapshot } from './reading.js';
import type { Hindrance, Session } from './session.js';
import type { Sink } from './sinks/sink.js';
import { topicText } from './topic.js';

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
  const named = pulseOf(lastEventId ?? '', history, pulse);
  const since = named === undefined || hub.isDoubtful(history, named) ? undefined : named;
  session.begin(sink);
  const retry = RETRY_MS_MIN + Math.floor(Math.random() * (RETRY_MS_MAX - RETRY_MS_MIN));
  const wanted = pairs(session, snapshot).filter(
    ([, { version, settled, state }]) =>
      since === undefined || version > since || !settled || state !== 'ready',
  );
  const frames = updates(session, wanted, { history, before: since ?? 0, pulse });
  session.send(new Chunk([retryFrame(retry), ...frames, ending(session, history, pulse)]));
  settle(hub, session, snapshot);
}

/** What a session lacks according to a snapshot of its own topics that was just read. */
export function renew(hub: Hub, session: Session, snapshot: Snapshot): void {
  const { history, pulse } = snapshot;
  if (session.isClosed || endIfForbidden(session, snapshot)) return;
  // Of two that were asked for, the later one came first.
  if (session.history === history && pulse < session.pulse) return;
  if (!session.isFlowing) {
    session.isStale = true;
    return;
  }
  const isNew = session.history !== history;
  const wanted = pairs(session, snapshot).filter(
    ([topic, reading]) =>
      isNew ||
      reading.version > session.pulse ||
      !reading.settled ||
      session.unsettled?.has(topic) ||
      session.unavailable?.get(topic) !== reasonOf(reading, session),
  );
  const frames = updates(session, wanted, { history, before: isNew ? 0 : session.pulse, pulse });
  if (frames.length > 0) session.send(new Chunk([...frames, ending(session, history, pulse)]));
  settle(hub, session, snapshot);
}

type Pair = [topic: HubTopic, reading: Reading];

function pairs(session: Session, { readings }: Snapshot): Pair[] {
  const byText = new Map(session.topics.map((topic) => [topic.text, topic]));
  return readings.flatMap((reading): Pair[] => {
    const topic = byText.get(topicText(reading.topic));
    return topic === undefined ? [] : [[topic, reading]];
  });
}

type Step = { history: string; before: number; pulse: number };

/** Notices of what cannot be shown, and updates of what can. */
function updates(
  session: Session,
  wanted: readonly Pair[],
  { history, before, pulse }: Step,
): Buffer[] {
  const ready = wanted.filter(([, reading]) => reasonOf(reading, session) === undefined);
  const notices = wanted.flatMap(([topic, reading]) => noticeOf(session, topic, reading) ?? []);
  // All but the last update carry the id before: see the hub.
  const frames = ready.flatMap(([topic, reading], at) => [
    updateHead(idOf(history, session.idPulse(at < ready.length - 1 ? before : pulse))),
    dataOf(topic, reading),
  ]);
  return [...notices, ...frames];
}

/** Streams that begin together are shown the same readings. */
const encoded = new WeakMap<Reading, Buffer>();

function dataOf({ text }: HubTopic, reading: Reading): Buffer {
  const known = encoded.get(reading);
  if (known !== undefined) return known;
  const { kind = 'counter', json, version } = reading;
  const data = updateData(text, kind, json, version);
  encoded.set(reading, data);
  return data;
}

function ending(session: Session, history: string, pulse: number): Buffer {
  return syncFrame(idOf(history, session.idPulse(pulse)), pulse);
}

/** A client is told once that a topic cannot be shown, and why; what it becomes later follows. */
function noticeOf(session: Session, topic: HubTopic, reading: Reading): Buffer | undefined {
  const reason = reasonOf(reading, session);
  if (reason === session.unavailable?.get(topic)) return undefined;
  if (reason === undefined) {
    session.isShown(topic);
    return undefined;
  }
  session.unavailable ??= new Map();
  session.unavailable.set(topic, reason);
  return reason === 'gone'
    ? noticeFrame('gone', { topic: topic.text })
    : noticeFrame('unavailable', { topic: topic.text, reason });
}

/** Why a topic is not shown; undefined where it is. */
function reasonOf({ topic, audience, state }: Reading, { viewer }: Session): Hindrance | undefined {
  if (state === 'unknown' || judge(audience, topic, viewer) === 'hidden') return 'gone';
  return state === 'ready' ? undefined : state;
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
    session.holdsFrom = snapshot.pulse;
  }
  for (const topic of marks) session.mark(topic);
  hub.settled(session);
}

/** A counter made anew may be for others: a stream that shows it to nobody else any more ends. */
function endIfForbidden(session: Session, { readings }: Snapshot): boolean {
  const forbidden = readings.find(({ topic, audience, state }) => {
    if (state === 'unknown') return false;
    const verdict = judge(audience, topic, session.viewer);
    return verdict === 'forbidden' || verdict === 'unauthenticated';
  });
  if (forbidden === undefined) return false;
  session.send(new Chunk([noticeFrame('forbidden', { topic: topicText(forbidden.topic) })]));
  session.end('forbidden');
  return true;
}
