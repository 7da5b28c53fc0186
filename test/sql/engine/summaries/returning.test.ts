import test from 'ava';
import { testDatabase } from '../../../helpers/database.js';
import type { Sql } from '../../../helpers/engine.js';
import { documents, work } from './league.js';

/** What is not watched stands for a clock. */
const CLOCK = `create schema app;
  create table app.clock (shows jsonb);
  insert into app.clock values ('1');
  create function app.shown(scope text) returns jsonb language sql stable as
    $$ select c.shows from app.clock c $$;
  select tally.create_summary('shown', 'app.shown', max_age => '1 hour')`;

/** As if so much time had passed. */
const pass = (sql: Sql, time: string) =>
  sql(
    `update tally.documents
     set built_at = built_at - $1::interval, next_at = next_at - $1::interval,
         tried_at = tried_at - $1::interval`,
    [time],
  );

const delays = (sql: Sql) =>
  sql<{ hours: number | null }>(
    `select round(extract(epoch from next_at - built_at) / 3600)::int as hours
     from tally.documents`,
  );

test('a document that the clock takes away comes back by itself', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(CLOCK);
  await sql(`select tally.read_summary('shown')`);
  await sql('update app.clock set shows = null');
  await pass(sql, '1 hour');
  await work(sql);
  t.deepEqual(await documents(sql), {});
  t.deepEqual(await delays(sql), [{ hours: 1 }]);
  await sql(`update app.clock set shows = '2'`);
  await pass(sql, '1 hour');
  await work(sql);
  t.deepEqual(await documents(sql), { shown: 2 });
});

test('a document that stays away is built less and less often, and forgotten', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(CLOCK);
  await sql(`select tally.read_summary('shown')`);
  await sql('update app.clock set shows = null');
  const seen: (number | null | undefined)[] = [];
  while (seen.length < 7) {
    await sql(`update tally.documents
      set built_at = clock_timestamp() - (next_at - built_at), next_at = clock_timestamp()`);
    await work(sql);
    seen.push((await delays(sql))[0]?.hours);
  }
  t.deepEqual(seen, [1, 2, 4, 8, 16, 32, null]);
  await pass(sql, '25 hours');
  await sql('select tally.prune()');
  t.deepEqual(await delays(sql), []);
});

test('a scope that somebody asks for in vain is not built again', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(CLOCK);
  await sql(`update app.clock set shows = null; select tally.read_summary('shown', 'x')`);
  t.deepEqual(await delays(sql), []);
});
