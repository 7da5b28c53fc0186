import { setTimeout as pause } from 'node:timers/promises';
import { checkExact, type Database, withDatabase } from '../lib/database.js';
import { type Figures, milliseconds, whole } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { median } from '../lib/rounds.js';

const TABLE = `create table public.offers (
  id bigint generated always as identity primary key,
  status text not null default 'open',
  due_at timestamptz not null,
  closed_at timestamptz
);
select tally.create_counter('offers', 'public.offers', scope => 'status');
select tally.create_expiry('offers', 'public.offers', 'due_at', $$status = 'open'$$,
  $$status = 'expired', closed_at = clock_timestamp()$$)`;

/** Over so many seconds, from one second on: some fall due before the work would look again. */
const SPREAD_S = 20;

export const expiry: Question = {
  name: 'expiry',
  asks: 'How long does it take to expire a million rows, and how late is a row while a server works?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await database.sql(TABLE);
      const backlog = await expireBacklog(bench, database);
      await database.sql('truncate public.offers');
      await database.sql('call tally.tick()');
      const late = await withPulse(database, () => lateness(bench, database));
      await checkExact(database);
      return figuresOf(bench, backlog, late);
    }),
};

type Backlog = { readonly ms: number; readonly plainMs: number };

/** As after an outage, in batches of a thousand; beside it the same UPDATE without us, at once. */
async function expireBacklog(bench: Bench, database: Database): Promise<Backlog> {
  const rows = bench.scale.largeRows;
  const fill = `insert into public.offers (due_at)
    select now() - n * interval '1 ms' from generate_series(1, $1) n`;
  await database.sql(fill, [rows]);
  await database.sql('vacuum analyze public.offers');
  const started = performance.now();
  let expired = 0;
  for (;;) {
    const [row] = await database.sql<{ n: string }>('select tally.expire_due() as n');
    if (Number(row?.n) === 0) break;
    expired += Number(row?.n);
  }
  const ms = performance.now() - started;
  if (expired !== rows) throw new Error(`${expired} rows were expired`);
  await database.sql('call tally.tick()');
  await checkExact(database);
  await database.sql('truncate public.offers');
  await database.sql('alter table public.offers disable trigger user');
  await database.sql(fill, [rows]);
  await database.sql('vacuum analyze public.offers');
  const plainStarted = performance.now();
  await database.sql(
    `update public.offers set status = 'expired', closed_at = clock_timestamp()
     where status = 'open' and due_at <= now()`,
  );
  const plainMs = performance.now() - plainStarted;
  await database.sql('alter table public.offers enable trigger user');
  bench.log(`${whole(rows)} rows expired in ${whole(ms)} ms`);
  return { ms, plainMs };
}

/** Milliseconds between a row's time and its change, of each row. */
async function lateness(bench: Bench, database: Database): Promise<number[]> {
  const rows = bench.scale.quick ? 50 : 2000;
  const seconds = bench.scale.quick ? 2 : SPREAD_S;
  await database.sql(
    `insert into public.offers (due_at)
     select clock_timestamp() + interval '1 s' + random() * $2 * interval '1 s'
     from generate_series(1, $1) n`,
    [rows, seconds],
  );
  for (;;) {
    const open = await database.sql(`select from public.offers where status = 'open' limit 1`);
    if (open.length === 0) break;
    await pause(200);
  }
  const late = await database.sql<{ ms: string }>(
    `select extract(epoch from closed_at - due_at) * 1000 as ms from public.offers order by 1`,
  );
  return late.map(({ ms }) => Number(ms));
}

function figuresOf(bench: Bench, { ms, plainMs }: Backlog, late: readonly number[]): Figures {
  const rows = bench.scale.largeRows;
  const p99 = late[Math.ceil(late.length * 0.99) - 1] ?? Number.NaN;
  return {
    header: ['rows', 'time', 'rows/s', 'one UPDATE without triggers', 'late, p50', 'p99', 'worst'],
    rows: [
      [
        whole(rows),
        milliseconds(ms),
        whole((rows * 1000) / ms),
        milliseconds(plainMs),
        milliseconds(median(late)),
        milliseconds(p99),
        milliseconds(late.at(-1) ?? Number.NaN),
      ],
    ],
    goals: [{ what: 'late, p99', wanted: '≤ 50 ms', got: milliseconds(p99), met: p99 <= 50 }],
  };
}
