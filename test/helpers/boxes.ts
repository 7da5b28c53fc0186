import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import type { Sql } from './engine.js';
import type { Recorder } from './frames.js';
import { all, areEqual, assertSound, type Soundness, sumIs } from './sound.js';
import { until } from './wait.js';

/**
 * A small application whose every transaction touches several counters so that half of one shows:
 * units move from box to box and stay as many, and each entry has a twin.
 */

export const UNITS = 60;
const BOXES = ['a', 'b', 'c', 'd'] as const;
const BOX_TOPICS = BOXES.map((box) => `units:${box}`);
export const TOPICS: readonly string[] = ['entries', 'twins', ...BOX_TOPICS];

const TWINS = ['entries', 'twins'];
/** What streams may watch, each with something that must be true of it. */
export const WATCHED = [TOPICS, TWINS, BOX_TOPICS, ['entries', ...BOX_TOPICS], ['twins']] as const;

/** Entries are never deleted, so an older number of them shows without any version. */
export function soundOf(topics: readonly string[]): Soundness {
  const covers = (needed: readonly string[]) => needed.every((topic) => topics.includes(topic));
  return {
    atSync: all([
      ...(covers(BOX_TOPICS) ? [sumIs(BOX_TOPICS, UNITS)] : []),
      ...(covers(TWINS) ? [areEqual(TWINS)] : []),
    ]),
    growing: TWINS.filter((topic) => topics.includes(topic)),
  };
}

export async function installBoxes(url: string): Promise<void> {
  await withClient(url, 'boxes', (client) =>
    client.query(`
      create table public.units (id int primary key, box text not null);
      create table public.entries (id bigint generated always as identity, writer int);
      create table public.twins (id bigint generated always as identity);
      select tally.create_counter('units', 'public.units', scope => 'box', audience => 'public');
      select tally.create_counter('entries', 'public.entries', audience => 'public');
      select tally.create_counter('twins', 'public.twins', audience => 'public');
      insert into public.units
      select i, (array['a', 'b', 'c', 'd'])[i % 4 + 1] from generate_series(1, ${UNITS}) i;`),
  );
}

/** One transaction of several statements, with all that shows a half one. */
export async function move(sql: (text: string) => Promise<unknown>, random: () => number) {
  const unit = 1 + Math.floor(random() * UNITS);
  const box = BOXES[Math.floor(random() * BOXES.length)] ?? 'a';
  await sql('begin');
  await sql('insert into public.entries (writer) values (1)');
  await sql(`update public.units set box = '${box}' where id = ${unit}`);
  await sql('insert into public.twins default values');
  await sql('commit');
}

export type Movers = {
  readonly moves: () => number;
  /** Waits for some more moves, unless PostgreSQL is away. */
  go(more: number): Promise<void>;
  stop(): Promise<void>;
};

/** Sessions that move units for as long as they are let, through every loss of PostgreSQL. */
export function startMovers(
  url: string,
  options: { readonly sessions?: number; readonly pauseMs?: number; random?: () => number } = {},
): Movers {
  const { sessions = 2, pauseMs = 0, random = Math.random } = options;
  const state = { going: true, moves: 0 };
  const work = Array.from({ length: sessions }, async () => {
    while (state.going) {
      const client = await connect(url, 'mover').catch(() => undefined);
      if (client === undefined) await pause(20);
      else await moveOn(client, state, random, pauseMs);
    }
  });
  return {
    moves: () => state.moves,
    go: async (more) => {
      const goal = state.moves + more;
      await until(() => state.moves >= goal, { what: `${more} moves` });
    },
    stop: async () => {
      state.going = false;
      await Promise.all(work);
    },
  };
}

async function moveOn(
  client: pg.Client,
  state: { going: boolean; moves: number },
  random: () => number,
  pauseMs: number,
): Promise<void> {
  client.on('error', () => undefined);
  try {
    while (state.going) {
      await move((text) => client.query(text), random);
      state.moves += 1;
      if (pauseMs > 0) await pause(pauseMs);
    }
  } catch {
    // Its connection was cut or its server stopped: it begins anew.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The truth: exact in one snapshot. */
export async function boxNumbers(sql: Sql): Promise<Map<string, string>> {
  const rows = await sql<{ topic: string; value: string }>(
    `select name || case scope when '' then '' else ':' || scope end as topic, value
     from tally.counters`,
  );
  return new Map(rows.map(({ topic, value }) => [topic, value]));
}

/** Each open stream ends on what the table says, in time, and was sound on its way. */
export async function endsRight(
  sql: Sql,
  recorders: readonly Recorder[],
  options: { readonly deadlineMs?: number; readonly topics?: readonly string[] } = {},
): Promise<void> {
  const { deadlineMs = 30_000, topics = TOPICS } = options;
  const truth = await until(() => boxNumbers(sql), { what: 'the table', deadlineMs });
  // A last value without its sync is half of something.
  const right = (recorder: Recorder) =>
    recorder.frames.at(-1)?.event === 'sync' &&
    topics.every((topic) => recorder.last(topic) === (truth.get(topic) ?? '0'));
  await Promise.all(
    recorders.map((recorder, i) =>
      recorder
        .when(() => right(recorder), { what: `stream ${i} on the last values`, deadlineMs })
        .catch((error: unknown) => {
          const shown = topics.map(
            (topic) => `${topic}: ${recorder.last(topic)} for ${truth.get(topic)}`,
          );
          throw new Error(`${String(error)}\n${shown.join(', ')}`, { cause: error });
        }),
    ),
  );
  for (const { frames, faults } of recorders) {
    if (faults.length > 0) throw new Error(`malformed: ${faults.slice(0, 5).join('; ')}`);
    assertSound(frames, soundOf(topics));
  }
}
