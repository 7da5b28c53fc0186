import { ConnectionError, codeOf, messageOf, UserError } from '../errors.js';
import type { ListenerState, Observation, Observe, PulseState } from '../observation.js';
import { openPool, type Pool } from '../pool.js';
import type { Limits } from './admission.js';
import { Assembler } from './announcement.js';
import { Feed } from './feed.js';
import { refuseAnother, refuseUnfit } from './fitness.js';
import type { Misfit } from './fitness-watch.js';
import { Hub } from './hub.js';
import { Listener } from './listener.js';
import { type Running, runPulse } from './pulse.js';
import { createReader, type Reader } from './reader.js';
import { createStreams, type Streams } from './streams.js';
import { type Trail, watchTrail } from './trail.js';
import { within } from './within.js';

export type LiveOptions = {
  databaseUrl: string;
  /** Straight to the primary, where databaseUrl goes through a pooler. */
  listenUrl: string | undefined;
  poolSize: number;
  statementTimeoutMs: number;
  tickMs: number;
  idleMs: number;
  heartbeatMs: number;
  limits: Limits;
  observe: Observe;
};

export type Health = {
  /** The database answered when it was last asked. */
  database: boolean;
  listener: ListenerState;
  listenerReason: string;
  pulse: {
    /** Of this server's own session: it pulses, or is next in line. */
    state: PulseState;
    /** The last one that streams have seen. */
    last: number;
    /** How long changes have been waiting for one. */
    lagMs: number;
  };
  /** Why this server cannot serve this database, if so. */
  misfit: Misfit | undefined;
};

export type Counts = { sessions: number; topics: number };

/** Everything between the database and the streams, running. */
export type Live = {
  pool: Pool;
  reader: Reader;
  streams: Streams;
  health(): Health;
  counts(): Counts;
  /** Ends the streams, spread over a few seconds. */
  drain(): Promise<void>;
  close(): Promise<void>;
};

export async function openLive(options: LiveOptions): Promise<Live> {
  const { databaseUrl, listenUrl, idleMs, tickMs, heartbeatMs, limits } = options;
  const directUrl = listenUrl ?? databaseUrl;
  await refuseUnfitNow(options.observe, () => refuseUnfit(databaseUrl));
  if (listenUrl !== undefined) {
    await refuseUnfitNow(options.observe, () => refuseUnfitListen(databaseUrl, listenUrl));
  }

  let pulseState: PulseState = 'away';
  const observe = (observation: Observation) => {
    if (observation.kind === 'pulse-state') pulseState = observation.state;
    options.observe(observation);
  };
  const trouble = (where: string) => (message: string) =>
    observe({ kind: 'trouble', where, message });

  const onReadOnly = () => trail.foundReadOnly();
  const pool = openPool({
    url: databaseUrl,
    size: options.poolSize,
    statementTimeoutMs: options.statementTimeoutMs,
    isShared: listenUrl !== undefined,
    onError: (error) => trouble('pool')(error.message),
    onReadOnly,
  });
  const reader = createReader({ pool, observe, onReadOnly });
  const streams: Streams = createStreams({ hub: () => hub, reader, heartbeatMs, limits, observe });
  const hub: Hub = new Hub({
    observe,
    refresh: (sessions) => streams.refresh(sessions),
    onStrange: () => feed.readAgain(),
  });
  const feed = new Feed({ hub, reader, observe });
  // It hears of declarations as the pulse's session does, which a pulse may keep busy.
  const onDefinitions = () => trail.definitionsChanged();
  const listener = openListener({ url: directUrl, feed, observe, onDefinitions });
  const trail: Trail = watchTrail({
    pool,
    reader,
    hub,
    feed,
    listener,
    idleMs,
    isFit: () => refuseUnfit(databaseUrl),
    // Sessions keep for their lives that they may only read.
    onFit: () => pool.renew(),
  });
  const running: Running = runPulse({
    url: directUrl,
    tickMs,
    idleMs,
    log: trouble('session'),
    observe,
    onDefinitions,
    onReadOnly,
  });

  return {
    pool,
    reader,
    streams,
    health: () => ({
      database: trail.isAnswered(),
      listener: listener.state,
      listenerReason: listener.reason,
      pulse: { state: pulseState, last: hub.pulse, lagMs: Math.round(trail.lagMs()) },
      misfit: trail.misfit(),
    }),
    counts: () => ({ sessions: hub.sessions.size, topics: hub.topicCount }),
    drain: () => streams.drain(),
    close: async () => {
      trail.close();
      streams.close();
      feed.close();
      hub.close();
      const farewell = Promise.all([running.stop(), listener.close()]).then(() => pool.close());
      await within(FAREWELL_MS, farewell);
    },
  };
}

/** A database that hangs says no good-bye: who waits for it would never stop. */
const FAREWELL_MS = 5000;

/** Wrong user, wrong password, no such database: waiting does not help. */
const WRONG = new Set(['28P01', '28000', '3D000', 'ENOTFOUND']);
/** What has no code: a password that is wanted and not there, and a server without TLS. */
const WRONG_TEXT = /password must be a string|does not support SSL/;

/** A database that is away now will be there later; one that is wrong will not be right. */
async function refuseUnfitNow(observe: Observe, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    const isAway = error instanceof ConnectionError && !isWrong(error.cause);
    if (error instanceof UserError && !isAway) throw error;
    const message = `${messageOf(error)}; going on until it is there`;
    observe({ kind: 'trouble', where: 'start', message });
  }
}

function isWrong(cause: unknown): boolean {
  return WRONG.has(codeOf(cause)) || WRONG_TEXT.test(messageOf(cause));
}

async function refuseUnfitListen(databaseUrl: string, listenUrl: string): Promise<void> {
  try {
    await refuseUnfit(listenUrl, 'DATABASE_LISTEN_URL');
  } catch (error) {
    if (error instanceof UserError) error.message = `DATABASE_LISTEN_URL: ${error.message}`;
    throw error;
  }
  await refuseAnother(databaseUrl, listenUrl);
}

/** As much of what no pulse can have said. */
const SHOWN_LENGTH = 80;

type ListenerOptions = { url: string; feed: Feed; observe: Observe; onDefinitions: () => void };

function openListener(options: ListenerOptions): Listener {
  const { url, feed, observe, onDefinitions } = options;
  const assembler = new Assembler((pulse) => feed.started(pulse));
  const listener = new Listener({
    url,
    observe,
    onPayload: (payload) => {
      try {
        const announcement = assembler.add(payload);
        if (announcement !== undefined) feed.announced(announcement);
      } catch {
        observe({ kind: 'forged', message: `it says ${payload.slice(0, SHOWN_LENGTH)}` });
        feed.readAgain();
      }
    },
    onListening: () => {
      assembler.reset();
      feed.listening();
    },
    // Nothing that is announced from now on is shown before the table was asked which history it is
    // of: a counter that was made anew may be meant for others.
    onDefinitions: () => {
      feed.readAgain();
      onDefinitions();
    },
  });
  listener.open();
  return listener;
}
