import { type Database, withDatabase } from '../lib/database.js';
import { milliseconds, whole } from '../lib/figures.js';
import type { Bench, Question } from '../lib/question.js';
import { inTurns, median } from '../lib/rounds.js';

/** Straight into the deltas: a hundred thousand single inserts would take longer than the fold. */
const APPEND = `insert into tally.deltas (counter, scope, delta)
select tally.counter_id('items'), (n % $2)::text, 1 from generate_series(1, $1) n`;

export const foldRate: Question = {
  name: 'fold-rate',
  asks: 'How many pending deltas does one pulse fold in a second?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await database.sql('create table public.items (id bigint, list_id integer)');
      await database.sql(
        `select tally.create_counter('items', 'public.items', scope => 'list_id')`,
      );
      const cases = { one: 1, many: bench.scale.scopes };
      // Once before, so that the totals are there in every round.
      await fold(bench, database, cases.many);
      const times = await inTurns(['one', 'many'], bench.scale.rounds, (side) =>
        fold(bench, database, cases[side]),
      );
      return {
        header: ['deltas', 'scopes', 'time', 'deltas/s'],
        rows: (['one', 'many'] as const).map((side) => {
          const time = median(times[side]);
          const { pendingDeltas } = bench.scale;
          const rate = whole((pendingDeltas * 1000) / time);
          return [whole(pendingDeltas), whole(cases[side]), milliseconds(time), rate];
        }),
      };
    }),
};

async function fold(bench: Bench, database: Database, scopes: number): Promise<number> {
  await database.sql('vacuum tally.deltas, tally.totals');
  await database.sql(APPEND, [bench.scale.pendingDeltas, scopes]);
  const started = performance.now();
  const rows = await database.sql<{ folded: number }>('select folded from tally.pulse()');
  const took = performance.now() - started;
  const folded = rows[0]?.folded;
  if (folded !== bench.scale.pendingDeltas) throw new Error(`the pulse folded ${folded}`);
  return took;
}
