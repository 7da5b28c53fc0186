import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkExact, type Database, withDatabase } from '../lib/database.js';
import { atMost, share, whole } from '../lib/figures.js';
import type { Length } from '../lib/options.js';
import type { PgbenchResult } from '../lib/pgbench.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { SIDES, type Side } from '../lib/sides.js';
import { makeSides, startAfresh } from '../lib/throughput.js';

const TABLES_FILE = new URL('./tables.sql', import.meta.url);
const TABLES = [{ name: 'left_items' }, { name: 'right_items' }] as const;
const SCRIPTS = ['left-first', 'right-first'].map((name) =>
  fileURLToPath(new URL(`./${name}.pgbench`, import.meta.url)),
);
const CLIENTS = 16;
/** It is a second until a deadlock is noticed: a hundred thousand would take hours. */
const CLASSIC_SECONDS = 10;
/** How long sessions that ended may take to hand in what they counted. */
const STATISTICS_MS = 1500;

const NAMES: Record<Side, string> = { plain: 'no trigger', classic: 'row trigger', ours: 'ours' };

type Run = PgbenchResult & { readonly deadlocks: number };

export const twoCounters: Question = {
  name: 'two-counters',
  asks: 'How many transactions deadlock that change two counters, half of them in opposite order?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await makeSides(database, TABLES_FILE, TABLES);
      const rows: string[][] = [];
      const ours = await withPulse(database, async () => {
        const runs: Partial<Record<Side, Run>> = {};
        for (const side of SIDES) {
          const run = await runSide(bench, database, side);
          runs[side] = run;
          rows.push([NAMES[side], ...cells(run)]);
          bench.log(`${NAMES[side]}: ${run.deadlocks} deadlocks in ${run.transactions}`);
        }
        return runs.ours;
      });
      await checkExact(database);
      return {
        header: ['', 'transactions', 'tps', 'deadlocks', 'share'],
        rows,
        goals: [
          atMost(`deadlocks in ${whole(ours?.transactions ?? 0)}`, 0, ours?.deadlocks ?? Infinity),
        ],
      };
    }),
};

async function runSide(bench: Bench, database: Database, side: Side): Promise<Run> {
  await startAfresh(database, TABLES);
  const before = await deadlocksOf(database);
  const transactions = Math.ceil(bench.scale.twoCounterTransactions / CLIENTS);
  const some: Length = bench.scale.quick ? { transactions: 1 } : { seconds: CLASSIC_SECONDS };
  const result = await bench.pgbench({
    url: database.url,
    schema: side,
    scripts: SCRIPTS,
    clients: side === 'classic' && bench.scale.quick ? 2 : CLIENTS,
    length: side === 'classic' ? some : { transactions },
  });
  return { ...result, deadlocks: (await deadlocksOf(database)) - before };
}

async function deadlocksOf(database: Database): Promise<number> {
  await pause(STATISTICS_MS);
  const rows = await database.sql<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return Number(rows[0]?.deadlocks);
}

/** A deadlock ends one transaction. What pgbench counts as failed leaves out those at the end. */
function cells({ transactions, tps, deadlocks }: Run): string[] {
  const all = transactions + deadlocks;
  return [
    whole(all),
    tps < 10 ? share(tps) : whole(tps),
    whole(deadlocks),
    `${share((100 * deadlocks) / all)} %`,
  ];
}
