import type pg from 'pg';
import type { Observe, PulseState } from '../observation.js';
import { Bell } from './bell.js';
import { Rhythm } from './rhythm.js';
import { sessionLoop } from './session-loop.js';
import { together } from './turns.js';
import { Workers } from './workers.js';

/**
 * PostgreSQL wakes every session that listens, for whatever channel a ring is: so one of this
 * process hears all of them.
 */
const DOORBELL = 'tally_doorbell';
const WORK = 'tally_work';
const DEFINITIONS = 'tally_definitions';
const LISTEN = [DOORBELL, WORK, DEFINITIONS].map((channel) => `listen ${channel}`).join(';');

const PULSE = {
  name: 'tally-pulse',
  text: 'select pulse, folded, announced from tally.pulse()',
};

/** The same for a beat that nobody rang for: a DBA may have turned the doorbell off since. */
const IDLE_PULSE = {
  name: 'tally-idle-pulse',
  text: 'select pulse, folded, announced, tally.doorbell() as doorbell from tally.pulse()',
};

export type PulseOptions = {
  url: string;
  /** How often it beats while awake. */
  tickMs: number;
  /** How often it beats while asleep, in case a ring was lost. */
  idleMs: number;
  /** What goes wrong and is tried again. */
  log: (line: string) => void;
  /** This session is the one that pulses, from now on. */
  onTurn?: () => void;
  observe?: Observe;
  /** A counter was declared, dropped or filled. */
  onDefinitions?: () => void;
  /** The database takes no writes now. */
  onReadOnly?: () => void;
};

export type Running = { stop(): Promise<void> };

/** The next in line looks this often whether it is its turn. */
const TURN_MS = 300;

/** A pulse that takes longer goes on without us: its lock is kept until it is done. */
const ANSWER_MS = 8000;

type PulseRow = { pulse: string; folded: number; announced: number; doorbell?: boolean };

/** Pulses, and works beside it on other sessions, until it is stopped. */
export function runPulse(options: PulseOptions): Running {
  const stopping = new AbortController();
  const { signal } = stopping;
  const bell = new Bell();
  signal.addEventListener('abort', () => bell.ring());
  const { url, log, observe, idleMs, onReadOnly, onDefinitions } = options;
  const workers = new Workers({ ...options, signal });
  const change = (state: PulseState) => observe?.({ kind: 'pulse-state', state });
  const loops = [
    sessionLoop({
      url,
      log,
      signal,
      application: 'pgtally-pulse',
      idleMs,
      answerMs: ANSWER_MS,
      run: async (client) => {
        client.on('notification', ({ channel }) => {
          if (channel === DOORBELL) bell.ring();
          if (channel === WORK || channel === DEFINITIONS) workers.ring();
          if (channel === DEFINITIONS) onDefinitions?.();
        });
        await beat(client, { ...options, bell, signal, change, workers });
      },
      onEnd: () => change('away'),
      onReadOnly,
    }),
    workers.done(),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

type Beating = PulseOptions & {
  bell: Bell;
  signal: AbortSignal;
  change: (state: PulseState) => void;
  workers: Workers;
};

/** One session's life: wait until it may pulse, then pulse when rung and when it is time. */
async function beat(client: pg.Client, options: Beating): Promise<void> {
  const { bell, signal, idleMs, change, workers } = options;
  const lost = lossOf(client, bell);
  await commitWithoutFlush(client);
  await client.query(LISTEN);
  // What was rung for while nobody listened was told to nobody.
  workers.ring();
  options.onDefinitions?.();
  while (!(await attend(client))) {
    // Another session pulses. It ends with its session, and then this one is next.
    change('waiting');
    await bell.wait(Math.min(idleMs, TURN_MS));
    bell.take();
    if (signal.aborted) return;
    lost.check();
  }
  options.onTurn?.();
  const rhythm = new Rhythm(options);
  await changeOver(client, rhythm, false);
  change(rhythm.awake ? 'awake' : 'asleep');
  let startedAt = performance.now();
  while (!signal.aborted) {
    lost.check();
    // The oldest change in it committed when it rang, or, without a ring, since the last pulse.
    const waitingSince = bell.rungAt ?? startedAt;
    startedAt = performance.now();
    const isIdle = bell.take() === 0 && !rhythm.awake;
    const { folded, doorbell } = await pulse(client, options.observe, {
      ...{ isIdle, startedAt, waitingSince },
    });
    const ringsWaiting = bell.take();
    const isMute = isIdle && doorbell === false;
    const next = isMute ? 'wake' : rhythm.after({ folded, ringsWaiting });
    if (next !== 'stay') await changeOver(client, rhythm, next === 'wake');
    if (next !== 'stay') change(rhythm.awake ? 'awake' : 'asleep');
    if (ringsWaiting > 0 && !rhythm.awake) continue;
    await bell.wait(together(rhythm.waitMs));
  }
}

type Beat = { isIdle: boolean; startedAt: number; waitingSince: number };

async function pulse(
  client: pg.Client,
  observe: Observe | undefined,
  { isIdle, startedAt, waitingSince }: Beat,
): Promise<{ folded: number; doorbell: boolean | undefined }> {
  const result = await client.query<PulseRow>(isIdle ? IDLE_PULSE : PULSE);
  const [row] = result.rows;
  const { folded = 0, doorbell } = row ?? {};
  if (row === undefined || folded === 0) return { folded, doorbell };
  const now = performance.now();
  observe?.({
    kind: 'pulse',
    pulse: Number(row.pulse),
    folded,
    announced: row.announced,
    ms: now - startedAt,
    waitedMs: now - waitingSince,
  });
  return { folded, doorbell };
}

/** While asleep it holds the lock that tells writers to ring. */
async function changeOver(client: pg.Client, rhythm: Rhythm, awake: boolean): Promise<void> {
  if (awake) {
    await client.query('select tally.stay_awake()');
    rhythm.changed(true);
    return;
  }
  const asleep = await client.query<{ asleep: boolean }>('select tally.fall_asleep() as asleep');
  // Without a doorbell nobody will ring: then there is no sleeping.
  rhythm.changed(asleep.rows[0]?.asleep !== true);
}

/**
 * A pulse that a crash takes back leaves its deltas pending, and every number is what it was. So
 * nobody has to wait until it is on the disk; tally.history() changes with a crash, for those who
 * have heard of it.
 */
async function commitWithoutFlush(client: pg.Client): Promise<void> {
  await client.query('set synchronous_commit = off');
}

async function attend(client: pg.Client): Promise<boolean> {
  const result = await client.query<{ first: boolean }>('select tally.attend() as first');
  return result.rows[0]?.first === true;
}

/** A connection that ends between two queries rings, so that its loss is noticed at once. */
function lossOf(client: pg.Client, bell: Bell): { check(): void } {
  let error: Error | undefined;
  const lose = (cause?: Error) => {
    error ??= cause ?? new Error('the connection was closed');
    bell.ring();
  };
  client.on('error', lose);
  client.on('end', () => lose());
  return {
    check: () => {
      if (error !== undefined) throw error;
    },
  };
}
