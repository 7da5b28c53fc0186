import { fileURLToPath } from 'node:url';
import { type Database, withDatabase } from '../lib/database.js';
import { type Figures, milliseconds, whole } from '../lib/figures.js';
import type { Bench, Question } from '../lib/question.js';
import { median } from '../lib/rounds.js';

const TABLE = `create table public.votes (project bigint not null, points bigint not null);
select tally.create_counter('votes', 'public.votes', scope => 'project', amount => 'points',
  ranked => true)`;

/** A hundred projects more or less share each value, so that ties have to be put in order too. */
const FILL = `insert into public.votes
select n, 1 + (n::bigint * 7919) % 10000 from generate_series(1, $1) n`;

const PENDING = 1000;

export const top: Question = {
  name: 'top',
  asks: 'How long does it take to ask for the top 50 of a million ranked scopes?',
  answer: async (bench) =>
    await withDatabase(bench.server, async (database) => {
      await database.sql(TABLE);
      await database.sql(FILL, [bench.scale.largeRows]);
      await database.sql('call tally.tick()');
      await database.sql('vacuum analyze');
      await checkTop(database);
      const still = await ask(bench, database);
      await database.sql(
        'insert into public.votes select n * 13, 20000 + n from generate_series(1, $1) n',
        [PENDING],
      );
      await checkTop(database);
      const busy = await ask(bench, database);
      return figuresOf(bench, still, busy);
    }),
};

async function checkTop(database: Database): Promise<void> {
  const wrong = await database.sql(
    `select from (
       select scope, value from tally.top('votes', 50)
       except
       (select project::text collate "C", sum(points) from public.votes group by 1
        order by 2 desc, 1 limit 50)
     ) d`,
  );
  if (wrong.length > 0) throw new Error('the top 50 were not the top 50');
}

async function ask(bench: Bench, database: Database): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < bench.scale.rounds; round += 1) {
    const { tps } = await bench.pgbench({
      url: database.url,
      scripts: [fileURLToPath(new URL('./top.pgbench', import.meta.url))],
      clients: 1,
      length: bench.scale.length,
    });
    times.push(1000 / tps);
  }
  return median(times);
}

function figuresOf(bench: Bench, still: number, busy: number): Figures {
  const goal = (what: string, ms: number) => ({
    what,
    wanted: '≤ 5 ms',
    got: milliseconds(ms),
    met: ms <= 5,
  });
  return {
    header: ['ranked scopes', 'nothing pending', `${whole(PENDING)} scopes pending`],
    rows: [[whole(bench.scale.largeRows), milliseconds(still), milliseconds(busy)]],
    goals: [goal('nothing pending', still), goal(`${whole(PENDING)} scopes pending`, busy)],
  };
}
