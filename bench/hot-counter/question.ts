import { withDatabase } from '../lib/database.js';
import { atLeast, type Goal } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Question } from '../lib/question.js';
import { ratio } from '../lib/rounds.js';
import {
  cellsOf,
  makeSides,
  measureSides,
  THROUGHPUT_HEADER,
  type Throughput,
} from '../lib/throughput.js';

const TABLES = new URL('./tables.sql', import.meta.url);
const FILTER = "status = 'open'";
const CASES = [
  { table: { name: 'bare', filter: FILTER }, what: 'bare', wanted: 0.7 },
  { table: { name: 'leads', filter: FILTER }, what: 'realistic', wanted: 0.85 },
] as const;
const JUDGED_CLIENTS = 16;

export const hotCounter: Question = {
  name: 'hot-counter',
  asks: 'What do single-row inserts cost that all change one counter?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await makeSides(
        database,
        TABLES,
        CASES.map(({ table }) => table),
      );
      const rows: string[][] = [];
      const goals: Goal[] = [];
      await withPulse(database, async () => {
        for (const { table, what, wanted } of CASES) {
          const script = new URL(`./${table.name}.pgbench`, import.meta.url);
          for (const clients of bench.scale.clients) {
            const result = await measureSides(bench, database, { table, script, clients });
            rows.push([what, String(clients), ...cellsOf(result)]);
            if (clients === JUDGED_CLIENTS) goals.push(...judge(what, wanted, result));
          }
        }
      });
      return { header: ['table', 'clients', ...THROUGHPUT_HEADER], rows, goals };
    }),
};

function judge(what: string, wanted: number, { plain, classic, ours }: Throughput): Goal[] {
  const where = `${what} table, ${JUDGED_CLIENTS} clients`;
  return [
    atLeast(`${where}: ours / none`, wanted, ratio(ours, plain)),
    atLeast(`${where}: ours / row trigger`, 5, ratio(ours, classic)),
  ];
}
