import { copyIn } from '../lib/copy.js';
import { checkExact, type Database, withDatabase } from '../lib/database.js';
import { atMost, milliseconds, share, whole } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { inTurns, median, ratio } from '../lib/rounds.js';
import { SIDES, type Side } from '../lib/sides.js';
import { startAfresh } from '../lib/throughput.js';

const TABLES = new URL('./tables.sql', import.meta.url);
const CLASSIC = new URL('./classic.sql', import.meta.url);
const TABLE = { name: 'items' } as const;

export const bulkLoad: Question = {
  name: 'bulk-load',
  asks: 'How much longer does a COPY take whose rows fall into ten thousand scopes?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await prepare(database, bench.scale.scopes);
      return await withPulse(database, async () => {
        const { copyRows, copyRowsClassic } = bench.scale;
        const large = await load(bench, database, copyRows, ['plain', 'ours']);
        const small = await load(bench, database, copyRowsClassic, SIDES);
        await checkExact(database);
        return {
          header: [
            'rows',
            'no trigger',
            'row trigger',
            'ours',
            'row trigger / none',
            '**ours / none**',
          ],
          rows: [cells(copyRows, large), cells(copyRowsClassic, small)],
          goals: [
            atMost(`${whole(copyRows)} rows: ours / none`, 1.3, ratio(large.ours, large.plain)),
          ],
        };
      });
    }),
};

async function prepare(database: Database, scopes: number): Promise<void> {
  for (const side of SIDES) await database.file(TABLES, side);
  await database.file(CLASSIC, 'classic');
  await database.sql(
    `insert into classic.counters select 'items', n::text, 0 from generate_series(0, $1 - 1) n`,
    [scopes],
  );
  await database.sql(`select tally.create_counter('items', 'ours.items', scope => 'list_id')`);
}

type Times = Record<Side, number[]>;

async function load(
  bench: Bench,
  database: Database,
  rows: number,
  sides: readonly Side[],
): Promise<Times> {
  const data = lines(rows, bench.scale.scopes);
  const times = await inTurns(sides, bench.scale.rounds, async (side) => {
    await startAfresh(database, [TABLE]);
    await database.sql(`set search_path = ${side}`);
    const started = performance.now();
    await copyIn(database.client, 'copy items (list_id, status) from stdin', data);
    const took = performance.now() - started;
    await database.sql('reset search_path');
    return took;
  });
  bench.log(`${whole(rows)} rows: ${cells(rows, times).slice(1).join(' | ')}`);
  return times;
}

/** Neighbouring rows fall into different scopes, as they come from a queue or a log. */
function lines(rows: number, scopes: number): Buffer {
  const all: string[] = [];
  for (let row = 0; row < rows; row += 1) all.push(`${(row * 7919) % scopes}\topen\n`);
  return Buffer.from(all.join(''));
}

function cells(rows: number, { plain, classic, ours }: Partial<Times>): string[] {
  return [
    whole(rows),
    time(plain),
    time(classic),
    time(ours),
    share(ratio(classic ?? [], plain ?? [])),
    `**${share(ratio(ours ?? [], plain ?? []))}**`,
  ];
}

function time(times: readonly number[] | undefined): string {
  return times === undefined ? '–' : milliseconds(median(times));
}
