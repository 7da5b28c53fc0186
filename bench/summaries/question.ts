import { fileURLToPath } from 'node:url';
import { type Database, untilFolded, withDatabase } from '../lib/database.js';
import { atMost, type Figures, milliseconds, share, whole } from '../lib/figures.js';
import { withPulse } from '../lib/pulse.js';
import type { Bench, Question } from '../lib/question.js';
import { inTurns, median, ratio } from '../lib/rounds.js';

const TABLES = new URL('./tables.sql', import.meta.url);
const PLAYERS_PER_LEAGUE = 10;
/** So that one call builds all that is due: what a round trip costs is another question. */
const WORK = `select rebuilt from tally.work('1 hour')`;

const DIFFERENT = `select count(*)::int as n from tally.summaries
where name = 'board' and body is distinct from public.board(scope)`;

type Times = Record<'without' | 'ours', number[]>;

export const summaries: Question = {
  name: 'summaries',
  asks: 'What does it cost to build, read and mark documents, and to rebuild ten thousand at once?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      const { scopes } = bench.scale;
      await prepare(database, scopes);
      const built = await build(bench, database);
      const read = await readOne(bench, database);
      const marked = await mark(bench, database);
      const all = await changeAll(bench, database);
      return figures(scopes, { built, read, marked, all });
    }),
};

async function prepare(database: Database, scopes: number): Promise<void> {
  await database.file(TABLES, 'public');
  for (const table of ['unwatched', 'scores']) {
    await database.sql(
      `insert into public.${table} (league, player, points)
       select n % $1, 'player ' || n, n % 977 from generate_series(1, $1::int * $2::int) n`,
      [scopes, PLAYERS_PER_LEAGUE],
    );
  }
  await settle(database);
  await database.sql('select tally.pulse()');
  await database.sql('vacuum analyze');
}

/** Everything that is due is built. */
async function settle(database: Database): Promise<number> {
  let built = 0;
  for (let idle = 0; idle < 2; ) {
    await database.sql('select tally.collect_marks()');
    const [row] = await database.sql<{ rebuilt: number }>(WORK);
    built += row?.rebuilt ?? 0;
    idle = row !== undefined && row.rebuilt > 0 ? 0 : idle + 1;
  }
  const [different] = await database.sql<{ n: number }>(DIFFERENT);
  if (different?.n !== 0) throw new Error(`${different?.n} documents are not what they should be`);
  return built;
}

/** Milliseconds for one document: its builder called by itself, and the whole rebuild. */
async function build({ scale, log }: Bench, database: Database): Promise<Times> {
  const documents = Math.min(scale.scopes, 300);
  const times = await inTurns(['without', 'ours'], scale.rounds * 3, async (side, round) => {
    await database.sql('update public.scores set points = points + 1 where league < $1', [
      documents,
    ]);
    await database.sql('select tally.collect_marks()');
    const text =
      side === 'ours'
        ? WORK
        : `select count(public.board(n::text)) from generate_series(0, ${documents - 1}) n`;
    const started = performance.now();
    await database.sql(text);
    const took = performance.now() - started;
    await settle(database);
    if (round % 3 === 0) await database.sql('vacuum public.scores');
    return took / documents;
  });
  log(`one document: ${cells(times).join(' | ')}`);
  return times;
}

async function readOne(bench: Bench, database: Database): Promise<Times> {
  const { length, rounds, scopes } = bench.scale;
  return await inTurns(['without', 'ours'], rounds, async (side) => {
    const script = side === 'ours' ? 'read-document' : 'read-counter';
    const { latencyMs, transactions, tps } = await bench.pgbench({
      url: database.url,
      scripts: [fileURLToPath(new URL(`./${script}.pgbench`, import.meta.url))],
      clients: 1,
      length,
      variables: { scopes },
    });
    return transactions > 0 && tps > 0 ? 1000 / tps : latencyMs;
  });
}

/** One UPDATE of every row, in every scope. The counter of the other table has nothing to do. */
async function mark({ scale, log }: Bench, database: Database): Promise<Times> {
  await database.sql(`select tally.drop_counter('players')`);
  const times = await inTurns(['without', 'ours'], scale.rounds, async (side) => {
    const table = side === 'ours' ? 'scores' : 'unwatched';
    const started = performance.now();
    await database.sql(`update public.${table} set points = points + 1`);
    const took = performance.now() - started;
    await settle(database);
    await database.sql(`vacuum public.${table}`);
    return took;
  });
  log(`marking: ${cells(times).join(' | ')}`);
  return times;
}

/** From the commit of a change in every scope until every document shows it, by a server. */
async function changeAll({ scale }: Bench, database: Database): Promise<Times> {
  await untilFolded(database);
  return await withPulse(database, async () => {
    return await inTurns(['without', 'ours'], scale.rounds, async (side) => {
      if (side === 'without') {
        const started = performance.now();
        await database.sql(
          `select count(public.board(n::text)) from generate_series(0, ${scale.scopes - 1}) n`,
        );
        return performance.now() - started;
      }
      await database.sql('update public.scores set points = points + 1');
      const started = performance.now();
      await untilCurrent(database);
      return performance.now() - started;
    });
  });
}

async function untilCurrent(database: Database): Promise<void> {
  for (;;) {
    const [row] = await database.sql<{ waits: boolean }>(
      `select exists (select from tally.due) or exists (select from tally.pending_marks) as waits`,
    );
    if (row?.waits === false) return;
    await database.sql('select pg_sleep(0.01)');
  }
}

type Answers = Record<'built' | 'read' | 'marked' | 'all', Times>;

function figures(scopes: number, { built, read, marked, all }: Answers): Figures {
  const beyond = median(built.ours.map((ms, at) => ms - (built.without[at] ?? Number.NaN)));
  return {
    header: ['', 'compared with', 'that', 'ours', '**ratio**'],
    rows: [
      ['rebuild one document', 'its builder alone', ...cells(built)],
      ['read one document', 'read one counter', ...cells(read)],
      [`UPDATE of ${whole(scopes * PLAYERS_PER_LEAGUE)} rows`, 'nobody watches', ...cells(marked)],
      [`${whole(scopes)} documents change at once`, 'their builders alone', ...cells(all)],
    ],
    goals: [
      atMost('one rebuild beyond its builder, ms', 1, beyond),
      atMost('reading a document / a counter', 1.2, ratio(read.ours, read.without)),
    ],
  };
}

function cells({ without, ours }: Times): string[] {
  return [
    milliseconds(median(without)),
    milliseconds(median(ours)),
    `**${share(ratio(ours, without))}**`,
  ];
}
