import { setTimeout as pause } from 'node:timers/promises';
import type { Observe } from '../observation.js';
import { Admission, type Caller, type Limits } from './admission.js';
import { readableBy, type Viewer } from './audience.js';
import { begin, renew } from './catch-up.js';
import { startClock } from './clock.js';
import { createFollower } from './follower.js';
import type { Hub } from './hub.js';
import { Places } from './places.js';
import type { Reader } from './reader.js';
import { type Look, NO_HISTORY, type Snapshot } from './reading.js';
import { streamRefusalOf, unavailable } from './refusal.js';
import { Session, type SessionEnvironment } from './session.js';
import type { Sink } from './sinks/sink.js';
import type { Topic } from './topic.js';

/** A stream ends after one to two hours, so that no client depends on never having to come back. */
const AGE_MS_MIN = 3_600_000;
const AGE_MS_MAX = 7_200_000;

/** A reader that takes nothing for so long is cut. */
const STALL_MS = 30_000;

/** Streams are closed over this long when the server stops: their clients come back as spread. */
const DRAIN_MS = 3000;

/** So many sessions look anew together. */
const REFRESH_AT_ONCE = 500;
const REFRESH_RETRY_MS = 100;

/** A stream waits for a document so long, with all else that it shows; then the document follows. */
const BUILD_MS = 1000;
/** Where it knows that one is not there it waits for what is not kept, and so is quick: tally.is_slow. */
const REBUILD_MS = 300;

/** Topics, and for whom. */
export type Wanted = { topics: readonly Topic[]; viewer: Viewer | undefined };

export type OpenStream = Wanted & {
  address: string;
  lastEventId: string | undefined;
  /** Called once everything that could be refused has been: headers go out here. */
  sink: () => Sink;
};

export type StreamsOptions = {
  hub: () => Hub;
  reader: Reader;
  heartbeatMs: number;
  stallMs?: number;
  limits: Limits;
  observe: Observe;
};

export type Streams = {
  /** Throws what `open` would refuse these topics with. */
  refuse(wanted: Wanted): Promise<void>;
  /** 'full': the process has all the streams that it may have. Throws a Refusal for the rest. */
  open(stream: OpenStream): Promise<'open' | 'full'>;
  refresh(sessions: readonly Session[]): void;
  /** Ends all streams, spread over a few seconds; no new one is let in. */
  drain(): Promise<void>;
  close(): void;
};

export function createStreams(options: StreamsOptions): Streams {
  const { hub, reader, observe, heartbeatMs, stallMs = STALL_MS } = options;
  const admission = new Admission(options.limits, observe);
  const callers = new WeakMap<Session, Caller>();
  let isDraining = false;

  const environment: SessionEnvironment = {
    ...{ heartbeatMs, stallMs },
    onDrained: (session) => hub().goOn(session),
    onClosed: (session, reason, ms) => {
      hub().leave(session);
      if (session.hasBegun) clock.ended(session);
      const caller = callers.get(session);
      if (caller !== undefined) admission.leave(caller);
      if (session.hasBegun) observe({ kind: 'closed', reason, ms });
    },
  };
  const follower = createFollower({ hub, reader });
  const refresher = createRefresher({ hub, reader, onRenewed: follower.follow });
  const clock = startClock({ heartbeatMs, sessions: () => hub().sessions });

  const read = ({ topics, viewer }: Wanted) =>
    reader.read(topics, readableBy(viewer), { buildMs: BUILD_MS });
  const check = ({ readings }: Snapshot, viewer: Viewer | undefined) => {
    const refusal = streamRefusalOf(readings, viewer);
    if (refusal !== undefined) throw refusal;
  };

  return {
    refuse: async (wanted) => check(await read(wanted), wanted.viewer),
    open: async ({ topics, viewer, address, lastEventId, sink }) => {
      if (isDraining) return 'full';
      const caller = { subject: viewer?.subject, address };
      if (!admission.enter(caller)) return 'full';
      const endsAt = Date.now() + AGE_MS_MIN + Math.random() * (AGE_MS_MAX - AGE_MS_MIN);
      const session = new Session({ environment, viewer, endsAt });
      callers.set(session, caller);
      hub().join(session, topics);
      try {
        const snapshot = await read({ topics, viewer });
        // The server stops, and nobody looks after it any more.
        if (session.isClosed) return 'full';
        if (snapshot.history === NO_HISTORY) throw unavailable('no pulse yet', observe);
        check(snapshot, viewer);
        begin(hub(), session, { sink: sink(), snapshot, lastEventId });
        clock.began(session);
        follower.follow(session);
      } catch (error) {
        session.leave('client');
        throw error;
      }
      observe({ kind: 'opened' });
      return 'open';
    },
    refresh: refresher,
    drain: async () => {
      isDraining = true;
      const sessions = [...hub().sessions];
      const start = performance.now();
      for (const [at, session] of sessions.entries()) {
        const dueMs = (DRAIN_MS * at) / sessions.length - (performance.now() - start);
        if (dueMs > 1) await pause(dueMs);
        session.end('shutdown');
      }
    },
    close: () => {
      clock.close();
      follower.close();
      for (const session of [...hub().sessions]) session.cut('shutdown');
    },
  };
}

type RefresherOptions = {
  hub: () => Hub;
  reader: Reader;
  onRenewed: (session: Session) => void;
};

/** Sessions that must read for themselves do it again until it works, and wait for no other one. */
function createRefresher({ hub, reader, onRenewed }: RefresherOptions) {
  const asked = new Set<Session>();
  const running = new Set<Session>();
  const places = new Places(REFRESH_AT_ONCE);
  const inTurn = async (look: () => Promise<Look>) => {
    await places.take();
    const answer = look();
    const leave = () => places.leave();
    // A database that is away is not asked by all of them all the time.
    const leaveLater = () => void setTimeout(leave, REFRESH_RETRY_MS).unref();
    answer.then(leave, leaveLater);
    return await answer;
  };
  const read = async (session: Session): Promise<boolean> => {
    // What it was told is not there is asked for besides, until it is.
    const buildMs = session.unavailable === undefined ? BUILD_MS : REBUILD_MS;
    const patience = { buildMs, inTurn };
    const topics = session.topics.map(({ topic }) => topic);
    const snapshot = await reader.read(topics, readableBy(session.viewer), patience);
    if (snapshot.history === NO_HISTORY) return false;
    renew(hub(), session, snapshot);
    onRenewed(session);
    return true;
  };
  const run = async (session: Session) => {
    running.add(session);
    while (!session.isClosed && asked.delete(session)) {
      if (await read(session).catch(() => false)) continue;
      asked.add(session);
      await pause(REFRESH_RETRY_MS, undefined, { ref: false });
    }
    running.delete(session);
    asked.delete(session);
  };
  return (sessions: readonly Session[]) => {
    for (const session of sessions) {
      asked.add(session);
      if (!running.has(session)) void run(session);
    }
  };
}
