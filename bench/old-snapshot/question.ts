import { fileURLToPath } from 'node:url';
import { connect } from '../../src/database.js';
import { checkExact, type Database, withDatabase } from '../lib/database.js';
import { atMost, type Goal, share, whole } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { median } from '../lib/rounds.js';
import { SIDES, type Side } from '../lib/sides.js';
import { makeSides, startAfresh } from '../lib/throughput.js';

const TABLES = new URL('../hot-counter/tables.sql', import.meta.url);
const SCRIPT = new URL('../hot-counter/bare.pgbench', import.meta.url);
const TABLE = { name: 'bare', filter: "status = 'open'" } as const;
const CLIENTS = 16;
/** How much of the beginning is compared with as much of the end. */
const WINDOW_SECONDS = 10;

const NAMES: Record<Side, string> = { plain: 'no trigger', classic: 'row trigger', ours: 'ours' };

type Course = { readonly first: number; readonly last: number; readonly loss: number };

export const oldSnapshot: Question = {
  name: 'old-snapshot',
  asks: 'How much do writers of one hot counter lose while another session holds a snapshot?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await makeSides(database, TABLES, [TABLE]);
      const rows: string[][] = [];
      const goals: Goal[] = [];
      await withPulse(database, async () => {
        for (const side of SIDES) {
          const course = await follow(bench, database, side);
          rows.push([NAMES[side], ...cells(course)]);
          bench.log(`${NAMES[side]}: ${cells(course).join(' | ')}`);
          if (side === 'ours') goals.push(atMost('ours: share lost', 0.1, course.loss));
        }
      });
      await checkExact(database);
      const window = `${windowOf(bench)} s`;
      const header = ['', `first ${window}, tps`, `last ${window}, tps`, '**loss**'];
      return { header, rows, goals };
    }),
};

async function follow(bench: Bench, database: Database, side: Side): Promise<Course> {
  await startAfresh(database, [TABLE]);
  const analyst = await connect(database.url, 'pgtally bench analyst');
  try {
    await analyst.query('begin isolation level repeatable read');
    await analyst.query('select count(*) from tally.definitions');
    const { perSecond } = await bench.pgbench({
      url: database.url,
      schema: side,
      scripts: [fileURLToPath(SCRIPT)],
      clients: CLIENTS,
      length: { seconds: bench.scale.snapshotSeconds },
      progress: true,
    });
    const window = windowOf(bench);
    const first = median(perSecond.slice(0, window));
    const last = median(perSecond.slice(-window));
    return { first, last, loss: 1 - last / first };
  } finally {
    await analyst.end();
  }
}

function windowOf({ scale }: Bench): number {
  return Math.max(1, Math.min(WINDOW_SECONDS, Math.floor(scale.snapshotSeconds / 3)));
}

function cells({ first, last, loss }: Course): string[] {
  return [whole(first), whole(last), `**${share(loss * 100)} %**`];
}
