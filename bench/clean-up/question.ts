import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { connect } from '../../src/database.js';
import { checkExact, type Database, untilFolded, withDatabase } from '../lib/database.js';
import { atLeast, type Figures, milliseconds, share, whole } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { inTurns, median, ratio } from '../lib/rounds.js';

const TABLE = `create table public.events (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  kind text not null
);
create index on public.events (at);
select tally.create_counter('events', 'public.events', scope => 'kind');
select tally.create_retention('events', 'public.events', 'at', '30 days')`;

const CLIENTS = 16;
/** As \`pgtally cleanup\` and the job do it. */
const REST_TIMES = 9;

export const cleanUp: Question = {
  name: 'clean-up',
  asks: 'What does deleting a million old rows cost those who write meanwhile?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await database.sql(TABLE);
      await database.sql(
        `insert into public.events (at, kind)
         select now() - interval '40 days' - n * interval '1 s', 'old' from generate_series(1, $1) n`,
        [bench.scale.largeRows],
      );
      await database.sql('call tally.tick()');
      await database.sql('vacuum analyze');
      return await withPulse(database, () => answer(bench, database));
    }),
};

type Piece = { readonly rows: number; readonly ms: number };

async function answer(bench: Bench, database: Database): Promise<Figures> {
  const session = await connect(database.url, 'bench clean-up');
  const pieces: Piece[] = [];
  try {
    const tps = await inTurns(['alone', 'beside'], bench.scale.rounds, async (side) => {
      if (side === 'alone') return await write(bench, database);
      const cleaning = startCleaning(session, pieces);
      try {
        return await write(bench, database);
      } finally {
        await cleaning.stop();
      }
    });
    const during = pieces.reduce((sum, { rows }) => sum + rows, 0);
    const fast = await cleanUpRest(session, pieces);
    await untilFolded(database);
    await checkExact(database);
    const gone = pieces.reduce((sum, { rows }) => sum + rows, 0);
    if (gone !== bench.scale.largeRows) throw new Error(`${gone} rows were deleted`);
    return {
      header: [
        'alone, tps',
        'beside a clean-up, tps',
        '**ratio**',
        'rows deleted meanwhile',
        'a piece',
        'the rest, without rests',
      ],
      rows: [
        [
          whole(median(tps.alone)),
          whole(median(tps.beside)),
          `**${share(ratio(tps.beside, tps.alone))}**`,
          whole(during),
          milliseconds(median(pieces.map(({ ms }) => ms))),
          `${whole(gone - during)} rows in ${milliseconds(fast)}`,
        ],
      ],
      goals: [atLeast('writers beside a clean-up / alone', 0.85, ratio(tps.beside, tps.alone))],
    };
  } finally {
    await session.end();
  }
}

async function write(bench: Bench, database: Database): Promise<number> {
  await database.sql('checkpoint');
  const { tps } = await bench.pgbench({
    url: database.url,
    scripts: [fileURLToPath(new URL('./insert.pgbench', import.meta.url))],
    clients: CLIENTS,
    length: bench.scale.length,
  });
  return tps;
}

async function piece(session: pg.Client): Promise<Piece> {
  const started = performance.now();
  const { rows } = await session.query<{ rows: string }>('select rows from tally.clean_up()');
  return { rows: Number(rows[0]?.rows), ms: performance.now() - started };
}

function startCleaning(session: pg.Client, pieces: Piece[]): { stop(): Promise<void> } {
  let going = true;
  const work = (async () => {
    while (going) {
      const done = await piece(session);
      pieces.push(done);
      for (let left = done.ms * REST_TIMES; going && left > 0; left -= 50) await pause(50);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await work;
    },
  };
}

async function cleanUpRest(session: pg.Client, pieces: Piece[]): Promise<number> {
  const started = performance.now();
  for (;;) {
    const done = await piece(session);
    if (done.rows === 0) return performance.now() - started;
    pieces.push(done);
  }
}
