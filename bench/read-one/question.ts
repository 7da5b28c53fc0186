import { fileURLToPath } from 'node:url';
import { type Database, withDatabase } from '../lib/database.js';
import { atMost, type Figures, milliseconds, share, whole } from '../lib/figures.js';
import type { Bench, Question } from '../lib/question.js';
import { inTurns, median, ratio } from '../lib/rounds.js';

/**
 * Totals are put in as a superuser: ten million rows counted one by one would take the night. The
 * table that they claim to count is empty.
 */
const FILL_TOTALS = `insert into tally.totals (counter, scope, value, version)
select tally.counter_id('items'), n::text, 1, 0 from generate_series(0, $1 - 1) n`;

const FILL_PENDING = `insert into tally.deltas (counter, scope, delta)
select tally.counter_id('elsewhere'), (n % 1000)::text, 1 from generate_series(1, $1) n`;

const TABLES = `
create table public.items (id bigint, list_id integer);
create table public.elsewhere (id bigint, list_id integer);
create table public.plain (
  name text not null, scope text collate "C" not null, value bigint not null,
  primary key (name, scope)
)`;

const CASES = ['small', 'large', 'any', 'plain', 'plainLarge'] as const;
type Case = (typeof CASES)[number];
const SCRIPTS: Readonly<Record<Case, string>> = {
  ...{
    small: 'read',
    large: 'read',
    any: 'read-any',
    plain: 'read-plain',
    plainLarge: 'read-plain',
  },
};
type Databases = { readonly small: Database; readonly large: Database };

export const readOne: Question = {
  name: 'read-one',
  asks: 'Does reading one counter take longer where there are ten million?',
  answer: async (bench) =>
    await withDatabase(
      bench.server,
      async (small) =>
        await withDatabase(bench.server, async (large) => {
          await prepare(small, bench.scale.totalsSmall);
          await prepare(large, bench.scale.totalsLarge);
          bench.log(`${whole(bench.scale.totalsLarge)} totals are there`);
          return await answer(bench, { small, large });
        }),
    ),
};

async function prepare(database: Database, totals: number): Promise<void> {
  await database.sql(TABLES);
  for (const name of ['items', 'elsewhere']) {
    const values = [name, `public.${name}`];
    await database.sql("select tally.create_counter($1, $2, scope => 'list_id')", values);
  }
  await database.sql(FILL_TOTALS, [totals]);
  await database.sql(
    `insert into public.plain select 'items', n::text, 1 from generate_series(0, $1 - 1) n`,
    [totals],
  );
  await database.sql('vacuum analyze');
}

async function answer(bench: Bench, databases: Databases): Promise<Figures> {
  const still = await read(bench, databases);
  const { pendingDeltas, totalsSmall, totalsLarge } = bench.scale;
  for (const { sql } of [databases.small, databases.large]) {
    await sql(FILL_PENDING, [pendingDeltas]);
    await sql('analyze tally.deltas');
  }
  const busy = await read(bench, databases);
  return {
    header: [
      'pending elsewhere',
      `of ${whole(totalsSmall)}`,
      `of ${whole(totalsLarge)}`,
      '**ratio**',
      `any of ${whole(totalsLarge)}`,
      `a row of a plain table of ${whole(totalsSmall)}`,
      `of ${whole(totalsLarge)}`,
      'ratio',
    ],
    rows: [cells('0', still), cells(whole(pendingDeltas), busy)],
    goals: [
      atMost('nothing pending', 1.2, ratio(still.large, still.small)),
      atMost(`${whole(pendingDeltas)} pending elsewhere`, 1.2, ratio(busy.large, busy.small)),
      atMost(
        `of ${whole(totalsSmall)}: pending elsewhere / nothing pending`,
        1.2,
        ratio(busy.small, still.small),
      ),
    ],
  };
}

async function read(bench: Bench, databases: Databases): Promise<Record<Case, number[]>> {
  const { totalsSmall, totalsLarge, length, rounds } = bench.scale;
  return await inTurns(CASES, rounds, async (side) => {
    const large = side !== 'small' && side !== 'plain';
    const script = SCRIPTS[side];
    const { latencyMs, transactions, tps } = await bench.pgbench({
      url: large ? databases.large.url : databases.small.url,
      scripts: [fileURLToPath(new URL(`./${script}.pgbench`, import.meta.url))],
      clients: 1,
      length,
      variables: { rows: large ? totalsLarge : totalsSmall },
    });
    return transactions > 0 && tps > 0 ? 1000 / tps : latencyMs;
  });
}

function cells(pending: string, times: Record<Case, number[]>): string[] {
  return [
    pending,
    milliseconds(median(times.small)),
    milliseconds(median(times.large)),
    `**${share(ratio(times.large, times.small))}**`,
    milliseconds(median(times.any)),
    milliseconds(median(times.plain)),
    milliseconds(median(times.plainLarge)),
    share(ratio(times.plainLarge, times.plain)),
  ];
}
