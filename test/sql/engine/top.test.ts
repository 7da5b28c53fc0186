import test from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { pulse } from '../../helpers/engine.js';

type Row = { readonly scope: string; readonly value: string };

/** All there are, in pages of n. */
async function paged(db: TestDatabase, n: number): Promise<string[]> {
  const all: string[] = [];
  let last: Row | undefined;
  for (;;) {
    const rows = await db.sql<Row>(
      `select scope, value from tally.top_after('score', $1, $2, $3)`,
      [n, last?.value, last?.scope],
    );
    all.push(...rows.map(({ scope, value }) => `${scope} ${value}`));
    last = rows.at(-1);
    if (last === undefined) return all;
  }
}

test('pages after pages of a ranked counter are its whole order, pending changes among them', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.r (scope text, points int);
    select tally.create_counter('score', 'public.r', scope => 'scope', amount => 'points',
                                ranked => true);
    insert into public.r select chr(97 + i % 26) || i, i % 4 - 1 from generate_series(1, 40) i`);
  await pulse(db.sql);
  await db.sql(
    `insert into public.r values ('a26', 2), ('Z', 1), ('b1', -5), ('é', 2), ('z25', 0)`,
  );
  const whole = async () =>
    (
      await db.sql<Row>(
        `select scope, value from tally.counters where name = 'score'
         order by value desc, scope collate "C"`,
      )
    ).map(({ scope, value }) => `${scope} ${value}`);
  t.true((await whole()).length > 30);
  for (const n of [1, 3, 7]) t.deepEqual(await paged(db, n), await whole());
  await pulse(db.sql);
  for (const n of [1, 3, 7]) t.deepEqual(await paged(db, n), await whole());
});

test('a page deep in a ranked counter is read by index, where many stand at the same value too', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.r (scope text, points int);
    select tally.create_counter('score', 'public.r', scope => 'scope', amount => 'points',
                                ranked => true);
    insert into public.r select i::text, i / 50000 from generate_series(1, 100000) i`);
  await pulse(db.sql);
  await db.sql('vacuum analyze tally.totals');
  const query = `select * from tally.top_after('score', 20, 1, '9')`;
  const explain = `explain (analyze, buffers, format json) ${query}`;
  // The first time a session looks it reads catalogs, too.
  t.deepEqual((await db.sql(query))[0], { scope: '90000', value: '1' });
  const [row] = await db.sql<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(explain);
  const plan = row?.['QUERY PLAN'][0].Plan ?? {};
  const blocks = (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
  t.true(blocks > 0 && blocks < 300, `${blocks} blocks`);
});
