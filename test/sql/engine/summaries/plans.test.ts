import test from 'ava';
import { type Sql, sqlOf } from '../../../helpers/engine.js';
import { league } from './league.js';

const MANY = 3000;

/** How many rows of tally's tables a transaction has looked at until now. */
async function rowsRead(sql: Sql): Promise<number> {
  const [row] = await sql<{ n: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::int as n from pg_stat_xact_user_tables
     where schemaname = 'tally'`,
  );
  return row?.n ?? 0;
}

/** Of what a statement looks at, with plans and statistics that were made while there was nothing. */
async function readBy(sql: Sql, statement: string): Promise<number> {
  await sql('begin');
  const before = await rowsRead(sql);
  await sql(statement);
  const read = (await rowsRead(sql)) - before;
  await sql('commit');
  return read;
}

const WITHOUT_STATISTICS = ['documents', 'due', 'marks', 'announcements']
  .map(
    (table) => `alter table tally.${table} set (autovacuum_enabled = off); analyze tally.${table}`,
  )
  .join('; ');

const LEAGUES = `insert into app.scores (league, player, points)
  select 'l' || n, 'x', 1 from generate_series(1, ${MANY}) n`;

test('collecting, announcing and pruning look at each document a few times, whatever statistics say', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.drop_summary('totals')`);
  await db.sql('call tally.tick()');
  await db.sql(WITHOUT_STATISTICS);
  const session = sqlOf(await db.client());
  // Enough times for plans to be kept.
  for (let n = 0; n < 12; n += 1) {
    await session(`insert into app.scores (league, player, points) values ('first', 'x', ${n})`);
    await session('select tally.collect_marks()');
    await session(`select tally.refresh('board', 'first')`);
    await session('select tally.prune_builds()');
  }
  await session(LEAGUES);
  const first = await readBy(session, 'select tally.collect_marks()');
  const warm = `select tally.warm('board', array(select 'l' || n from generate_series(1, ${MANY}) n))`;
  const built = await readBy(session, `${warm}; set constraints all immediate`);
  await session('update app.scores set points = 2');
  const again = await readBy(session, 'select tally.collect_marks()');
  await session(`update tally.documents set body = null, tried_at = now() - interval '2 days'`);
  const pruned = await readBy(session, 'select tally.prune_builds()');
  t.deepEqual(await session('select from tally.documents'), []);
  for (const read of [first, built, again, pruned]) {
    t.true(read >= MANY, `${read}`);
    t.true(read < 25 * MANY, `${read}`);
  }
});
