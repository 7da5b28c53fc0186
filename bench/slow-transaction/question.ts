import { withDatabase } from '../lib/database.js';
import { atLeast, type Goal } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Question } from '../lib/question.js';
import { ratio } from '../lib/rounds.js';
import { cellsOf, makeSides, measureSides, THROUGHPUT_HEADER } from '../lib/throughput.js';

const TABLES = new URL('../hot-counter/tables.sql', import.meta.url);
const SCRIPT = new URL('./insert.pgbench', import.meta.url);
const TABLE = { name: 'bare', filter: "status = 'open'" } as const;
const JUDGED_CLIENTS = 16;

export const slowTransaction: Question = {
  name: 'slow-transaction',
  asks: 'The same with 5 ms of application time between the insert and the commit?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await makeSides(database, TABLES, [TABLE]);
      const rows: string[][] = [];
      const goals: Goal[] = [];
      await withPulse(database, async () => {
        for (const clients of bench.scale.clients) {
          const measured = { table: TABLE, script: SCRIPT, clients };
          const result = await measureSides(bench, database, measured);
          rows.push([String(clients), ...cellsOf(result)]);
          if (clients !== JUDGED_CLIENTS) continue;
          const what = `${clients} clients: ours / none`;
          goals.push(atLeast(what, 0.95, ratio(result.ours, result.plain)));
        }
      });
      return { header: ['clients', ...THROUGHPUT_HEADER], rows, goals };
    }),
};
