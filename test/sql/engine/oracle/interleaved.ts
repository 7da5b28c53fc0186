import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { type Announcements, listen } from './announcements.js';
import { checkpoint, settle, verify } from './audit.js';
import { openClient, pidOf } from './client.js';
import { type Figures, newFigures } from './figures.js';
import type { Move } from './moves.js';
import { openSession, type Session, type Setting } from './session.js';
import { type Keeper, SESSIONS, type Step } from './steps.js';

/**
 * A script of steps, one at a time, each by a session of its own choice. A statement that waits for
 * another session is left waiting, and what that session is to do next waits behind it. So a failure
 * is a list of steps, and fast-check can take away whatever it does not need.
 */

type Lane = {
  readonly pid: number;
  readonly queue: (() => Promise<unknown>)[];
  running: Promise<void> | undefined;
};

type Stage = {
  readonly figures: Figures;
  readonly sessions: readonly Session[];
  readonly lanes: readonly Lane[];
  readonly keepers: readonly pg.Client[];
  readonly monitor: pg.Client;
  readonly announcements: Announcements;
  failure: unknown;
};

export async function runInterleaved(
  steps: readonly Step[],
  setting: Omit<Setting, 'figures'>,
): Promise<Figures> {
  const figures = newFigures();
  const stage = await open({ ...setting, figures });
  try {
    if (setting.twoPhase) await stage.monitor.query('update tally.settings set doorbell = false');
    for (const one of steps) {
      enqueue(stage, one);
      await quiet(stage);
      if (stage.failure !== undefined) throw stage.failure;
      if (figures.faults.length > 0) return figures;
    }
    await drain(stage);
    await settle(stage.monitor, figures, stage.announcements);
  } finally {
    await close(stage);
  }
  return figures;
}

async function open(setting: Setting): Promise<Stage> {
  const { url, figures } = setting;
  const announcements = await listen(url, figures);
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, (_, i) => openSession(setting, `oracle session ${i}`)),
  );
  const keepers = await Promise.all([
    openClient(url, 'oracle pulse'),
    openClient(url, 'oracle auditor'),
  ]);
  const pids = await Promise.all(keepers.map(pidOf));
  return {
    figures,
    sessions,
    keepers,
    lanes: [...sessions.map(({ pid }) => pid), ...pids].map((pid) => ({
      pid,
      queue: [],
      running: undefined,
    })),
    monitor: await openClient(url, 'oracle monitor'),
    announcements,
    failure: undefined,
  };
}

async function close(stage: Stage): Promise<void> {
  const clients = [...stage.sessions.map(({ client }) => client), ...stage.keepers, stage.monitor];
  // Sessions that wait for each other would not hear that they are to end.
  const busy = stage.lanes.filter(({ running }) => running !== undefined).map(({ pid }) => pid);
  await stage.monitor.query('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [busy]);
  await Promise.allSettled([...clients.map((client) => client.end()), stage.announcements.end()]);
}

function enqueue(stage: Stage, one: Step): void {
  const { sessions, keepers, figures } = stage;
  if ('keeper' in one) {
    const [pulse, auditor] = keepers;
    const lane = sessions.length + (one.keeper === 'pulse' ? 0 : 1);
    const client = one.keeper === 'pulse' ? pulse : auditor;
    if (client !== undefined) push(stage, lane, () => keep(client, figures, one.keeper));
    return;
  }
  push(stage, one.session, async () => sessions[one.session]?.perform(one.move));
}

async function keep(client: pg.Client, figures: Figures, what: Keeper) {
  switch (what) {
    case 'pulse':
      figures.pulses += 1;
      await client.query('select * from tally.pulse()');
      return;
    case 'work':
      await client.query('select * from tally.work()');
      return;
    case 'verify':
      await verify(client, figures);
      return;
    case 'checkpoint':
      await checkpoint(client, figures);
  }
}

function push(stage: Stage, number: number, work: () => Promise<unknown>): void {
  const lane = stage.lanes[number];
  if (lane === undefined) return;
  lane.queue.push(work);
  if (lane.running === undefined) lane.running = run(stage, lane);
}

async function run(stage: Stage, lane: Lane): Promise<void> {
  try {
    for (let work = lane.queue.shift(); work !== undefined; work = lane.queue.shift()) await work();
  } catch (error) {
    stage.failure ??= error;
  } finally {
    lane.running = undefined;
  }
}

/** Until every session is idle, or waits for one that is not about to do anything. */
async function quiet(stage: Stage): Promise<void> {
  for (;;) {
    await turn();
    const busy = stage.lanes.filter(({ running }) => running !== undefined);
    if (busy.length === 0) return;
    const { rows } = await stage.monitor.query<{ blocked: boolean }>({
      name: 'blocked',
      text: `select cardinality(pg_blocking_pids(pid)) > 0 as blocked from unnest($1::int[]) pid`,
      values: [busy.map(({ pid }) => pid)],
    });
    if (rows.every(({ blocked }) => blocked) && !(await inCircle(stage, busy))) return;
  }
}

/** Sessions that all wait for each other: PostgreSQL is about to end that by an error. */
async function inCircle(stage: Stage, busy: readonly Lane[]): Promise<boolean> {
  const { rows } = await stage.monitor.query<{ pid: number; by: number[] }>({
    name: 'blocking',
    text: `select pid, pg_blocking_pids(pid) as by from unnest($1::int[]) pid`,
    values: [busy.map(({ pid }) => pid)],
  });
  const free = (pid: number, seen: ReadonlySet<number>): boolean => {
    const waits = rows.find((row) => row.pid === pid);
    if (waits === undefined) return true;
    return !seen.has(pid) && waits.by.every((next) => free(next, new Set([...seen, pid])));
  };
  return !rows.every(({ pid }) => free(pid, new Set()));
}

/** Whoever can commits, until nobody waits. */
async function drain(stage: Stage): Promise<void> {
  const commit: Move = { do: 'end', how: 'commit', prepare: false };
  for (;;) {
    await quiet(stage);
    if (stage.failure !== undefined) throw stage.failure;
    const idle = stage.sessions.findIndex(
      (session, i) => session.inTransaction() && stage.lanes[i]?.running === undefined,
    );
    if (idle >= 0) push(stage, idle, async () => stage.sessions[idle]?.perform(commit));
    else if (stage.lanes.every(({ running }) => running === undefined)) return;
  }
}
