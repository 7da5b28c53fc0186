import { fileURLToPath } from 'node:url';
import { checkExact, type Database, untilFolded } from './database.js';
import { share, whole } from './figures.js';
import type { Bench } from './question.js';
import { inTurns, median, ratio } from './rounds.js';
import { SIDES, type Side } from './sides.js';

const CLASSIC = new URL('./classic.sql', import.meta.url);

export type Table = { readonly name: string; readonly filter?: string };

/** The same tables three times; each is counted by a counter of its name. */
export async function makeSides(
  database: Database,
  tablesFile: URL,
  tables: readonly Table[],
): Promise<void> {
  for (const side of SIDES) await database.file(tablesFile, side);
  await database.file(CLASSIC, 'classic');
  for (const { name, filter } of tables) {
    await database.sql('insert into classic.counters values ($1, 0)', [name]);
    await database.sql(
      `create trigger count_row after insert on classic.${name}
         for each row execute function classic.count_row('${name}')`,
    );
    await database.sql('select tally.create_counter($1, $2, filter => $3)', [
      name,
      `ours.${name}`,
      filter ?? null,
    ]);
  }
}

/** Empty tables, nothing pending, nothing dead, no checkpoint under way. */
export async function startAfresh(database: Database, tables: readonly Table[]): Promise<void> {
  const all = SIDES.flatMap((side) => tables.map(({ name }) => `${side}.${name}`));
  await database.sql(`truncate ${all.join(', ')}`);
  await untilFolded(database);
  await database.sql('vacuum tally.deltas, tally.totals, tally.pulses, classic.counters');
  await database.sql('checkpoint');
}

export type Throughput = Record<Side, number[]>;

export type Measured = {
  readonly table: Table;
  readonly script: URL;
  readonly clients: number;
};

export async function measureSides(
  bench: Bench,
  database: Database,
  { table, script, clients }: Measured,
): Promise<Throughput> {
  const { scale, pgbench } = bench;
  const results = await inTurns(SIDES, scale.rounds, async (side) => {
    await startAfresh(database, [table]);
    const { tps, failed } = await pgbench({
      url: database.url,
      schema: side,
      scripts: [fileURLToPath(script)],
      clients,
      length: scale.length,
    });
    if (failed > 0) throw new Error(`${failed} transactions failed on side ${side}`);
    return tps;
  });
  await checkExact(database);
  bench.log(`${table.name}, ${clients} clients: ${cellsOf(results).join(' | ')}`);
  return results;
}

export const THROUGHPUT_HEADER = [
  'no trigger, tps',
  'row trigger, tps',
  'ours, tps',
  'row trigger / none',
  '**ours / none**',
  'ours / row trigger',
] as const;

export function cellsOf({ plain, classic, ours }: Throughput): string[] {
  return [
    whole(median(plain)),
    whole(median(classic)),
    whole(median(ours)),
    share(ratio(classic, plain)),
    `**${share(ratio(ours, plain))}**`,
    share(ratio(ours, classic)),
  ];
}
