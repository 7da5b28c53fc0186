import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type pg from 'pg';
import { listen } from './announcements.js';
import { checkpoint, isDeadlock, settle, verify } from './audit.js';
import { openClient } from './client.js';
import { type Figures, newFigures } from './figures.js';
import { type Move, ROLLBACK_TO, transaction } from './moves.js';
import { openSession, type Session, type Setting } from './session.js';

/** Many sessions at once, as fast as they can, while pulses, work and checkpoints go on. */

const SESSIONS = 8;
const BATCH = 25;
/** Between two looks; not a wait for anything. */
const PACE_MS = 3;
const CHECKPOINT_PACE_MS = 40;

export type Options = {
  readonly url: string;
  readonly writer: string;
  readonly seed: number;
  readonly statements: number;
  readonly twoPhase: boolean;
};

export async function runConcurrently(options: Options): Promise<Figures> {
  const { url, writer, twoPhase, seed } = options;
  const figures = newFigures();
  const setting: Setting = { url, writer, figures, twoPhase };
  const announcements = await listen(url, figures);
  const caretaker = await openClient(url, 'oracle caretaker');
  const open = [caretaker];
  try {
    await caretaker.query('update tally.settings set doorbell = $1', [!twoPhase]);
    const running = { on: true };
    const beside = [pulses, chores, checkpoints].map(async (loop, number) => {
      const client = await openClient(url, `oracle ${loop.name} ${number}`);
      open.push(client);
      await loop(client, figures, running, seed + number);
    });
    const sessions = await Promise.all(
      Array.from({ length: SESSIONS }, (_, i) => openSession(setting, `oracle session ${i}`)),
    );
    open.push(...sessions.map(({ client }) => client));
    const writers = sessions.map((session, i) =>
      write(session, setting, seed * SESSIONS + i, options.statements),
    );
    await finished(writers, beside, running);
    await settle(caretaker, figures, announcements);
  } finally {
    await Promise.allSettled([...open.map((client) => client.end()), announcements.end()]);
  }
  return figures;
}

/** A loop that fails must not leave the writers, nor the writers the loops. */
async function finished(
  writers: Promise<void>[],
  beside: Promise<void>[],
  running: { on: boolean },
): Promise<void> {
  try {
    await Promise.race([Promise.all(writers), Promise.all(beside)]);
    await Promise.all(writers);
  } finally {
    running.on = false;
    await Promise.allSettled(writers);
  }
  await Promise.all(beside);
}

async function write(
  session: Session,
  { figures }: Setting,
  seed: number,
  total: number,
): Promise<void> {
  for (let batch = 0; figures.statements < total && figures.faults.length === 0; batch += 1) {
    const scripts = fc.sample(transaction, { seed: seed * 1000 + batch, numRuns: BATCH });
    for (const script of scripts) {
      if (figures.statements >= total || figures.faults.length > 0) return;
      await runScript(session, script);
    }
  }
}

/** After an error: back to the savepoint and on, as an application that has one would do. */
async function runScript(session: Session, script: readonly Move[]): Promise<void> {
  let saved = false;
  let failed = false;
  for (const move of script) {
    if (failed && saved) failed = !(await session.perform(ROLLBACK_TO));
    if (failed && move.do !== 'end') continue;
    failed = !(await session.perform(move));
    if (move.do === 'sql' && /^(savepoint|release) s$/.test(move.text)) {
      saved = !failed && move.text === 'savepoint s';
    }
  }
}

/** Beats, and now and then falls asleep, so that writers ring; it waits for nobody. */
async function pulses(client: pg.Client, figures: Figures, running: { on: boolean }, seed: number) {
  let asleep = false;
  for await (const kind of kinds(running, seed)) {
    if (kind < 95) {
      await client.query('select * from tally.pulse()');
      figures.pulses += 1;
    } else if (asleep) {
      await client.query('select tally.stay_awake()');
      asleep = false;
    } else {
      const { rows } = await client.query<{ slept: boolean }>(
        'select tally.fall_asleep() as slept',
      );
      asleep = rows[0]?.slept === true;
    }
  }
}

/** Fills, a second pulse, and recounts: what may have to wait for a TRUNCATE. */
async function chores(client: pg.Client, figures: Figures, running: { on: boolean }, seed: number) {
  for await (const kind of kinds(running, seed)) {
    try {
      if (kind < 50) await client.query('select * from tally.work()');
      else if (kind < 70) await client.query('select * from tally.pulse()');
      else if (kind < 85) await client.query('call tally.tick()');
      else await verify(client, figures);
    } catch (error) {
      // These hold several tables, and so does a TRUNCATE of several.
      if (!isDeadlock(error)) throw error;
    }
  }
}

/** Random numbers below 100, at a pace, until the run is over. */
async function* kinds(running: { on: boolean }, seed: number) {
  const all = fc.sample(fc.nat({ max: 99 }), { seed, numRuns: 1000 });
  for (let beat = 0; running.on; beat += 1) {
    yield all[beat % all.length] ?? 0;
    await pause(PACE_MS);
  }
}

async function checkpoints(
  client: pg.Client,
  figures: Figures,
  running: { on: boolean },
): Promise<void> {
  while (running.on) {
    await checkpoint(client, figures);
    await pause(CHECKPOINT_PACE_MS);
  }
}
