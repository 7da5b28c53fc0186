import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { numberOf, pulse, type Sql, sqlOf } from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

/** One counter is read by index, whatever else there is. */

const OTHERS = 100_000;

type Plan = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Plan[];
};

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

test('one number is read by index beside 100 000 others folded and as many pending', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    alter table tally.deltas set (autovacuum_enabled = off);
    create table public.r (id int, scope text);
    select tally.create_counter('crowd', 'public.r', scope => 'scope');
    create table public.s (id int);
    select tally.create_counter('alone', 'public.s')`);
  // A server that attends: or the writer would fold at its commit.
  const server = sqlOf(await db.client());
  await server('select tally.attend()');
  await db.sql(`insert into public.r select i, i::text from generate_series(1, ${OTHERS}) i`);
  await pulse(db.sql);
  await db.sql(`insert into public.r select i, 'new ' || i from generate_series(1, ${OTHERS}) i`);
  await db.sql('insert into public.s values (1), (2)');
  const standing = await db.sql<{ totals: number; deltas: number }>(
    `select (select count(*) from tally.totals)::int as totals,
            (select count(*) from tally.deltas)::int as deltas`,
  );
  t.deepEqual(standing, [{ totals: OTHERS, deltas: OTHERS + 1 }]);

  for (const analyzed of [false, true]) {
    if (analyzed) await db.sql('analyze tally.totals; analyze tally.deltas');
    for (const [name, scope, value] of [
      ['alone', '', 2],
      ['crowd', '77', 1],
      ['crowd', 'new 77', 1],
      ['crowd', 'nowhere', undefined],
    ] as const) {
      t.is(await numberOf(db.sql, name, scope), value);
      const [row] = await db.sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
        `explain (analyze, buffers, format json)
         select value, version from tally.counters where name = '${name}' and scope = '${scope}'`,
      );
      const plan = row?.['QUERY PLAN'][0].Plan;
      if (plan === undefined) throw new Error('there is no plan');
      const scanned = nodesOf(plan).filter(
        (node) =>
          node['Node Type'] === 'Seq Scan' && /^(totals|deltas)$/.test(node['Relation Name'] ?? ''),
      );
      t.deepEqual(scanned, [], `${name}:${scope}`);
      const blocks = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      t.true(blocks < 100, `${name}:${scope} took ${blocks} blocks`);
    }
  }
});

/** The blocks that one statement looks at, those of the functions it calls too. */
async function blocksOf(sql: Sql, statement: string): Promise<number> {
  // The first look after a change may read the catalogs anew.
  await sql(statement);
  const [row] = await sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (analyze, buffers, format json) ${statement}`,
  );
  const plan = row?.['QUERY PLAN'][0].Plan;
  return (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
}

const topic = (name: string, scope: string) => `(array['${name}'], array['${scope}'])`;

test('a server reads one topic by index, whatever is folded and pending beside it', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    alter table tally.deltas set (autovacuum_enabled = off);
    create table public.r (id int, scope text);
    select tally.create_counter('crowd', 'public.r', scope => 'scope')`);
  const server = sqlOf(await db.client());
  await server('select tally.attend()');
  // Its plans are made while there is nothing: they must do later too.
  for (let n = 0; n < 10; n += 1) await server(`select tally.read_topics${topic('crowd', '7')}`);
  await db.sql(`insert into public.r select i, i::text from generate_series(1, ${OTHERS}) i`);
  await pulse(db.sql);
  await db.sql(`insert into public.r select i, 'new ' || i from generate_series(1, ${OTHERS}) i`);
  for (const scope of ['7', 'new 7', 'nowhere']) {
    const one = `select tally.read_topics${topic('crowd', scope)}`;
    const blocks = await blocksOf(server, one);
    t.true(blocks > 0 && blocks < 60, `read ${scope}: ${blocks} blocks`);
    const since = `select tally.changed_topics(array['crowd'], array['${scope}'], 0)`;
    const changed = await blocksOf(server, since);
    t.true(changed > 0 && changed < 60, `changed ${scope}: ${changed} blocks`);
  }
  const many = `select tally.read_topics(array_agg('crowd'::text), array_agg(i::text))
    from generate_series(1, 1000) i`;
  const blocks = await blocksOf(server, many);
  // Each key looks for each transaction that ran at the last pulse, of other databases too.
  t.true(blocks < 1000 * 100, `1000 topics: ${blocks} blocks`);
});

test('reading a number steps over no dead rows, which an old snapshot keeps', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    alter table tally.deltas set (autovacuum_enabled = off);
    create table public.s (id int);
    select tally.create_counter('alone', 'public.s')`);
  const analyst = await db.client('an analyst');
  await analyst.query('begin isolation level repeatable read; select from tally.deltas');
  const append = (n: number) => `insert into tally.deltas (counter, scope, delta)
    select tally.counter_id('alone'), '', 1 from generate_series(1, ${n})`;
  await db.sql(append(50_000));
  await pulse(db.sql);
  const server = sqlOf(await db.client());
  const one = `select value from tally.counters where name = 'alone' and scope = ''`;
  const read = `select tally.read_topics${topic('alone', '')}`;
  await server(read);
  const blocks = await blocksOf(server, read);
  t.true(blocks < 60, `${read}: ${blocks} blocks`);
  // The view begins at the oldest transaction that ran at the last pulse, of other tests too.
  await until(
    async () => {
      await db.sql(append(1));
      await pulse(db.sql);
      return (await blocksOf(server, one)) < 60;
    },
    { what: 'a look at few blocks', deadlineMs: 150_000 },
  );
  // A writer that stays open for long, besides.
  const writer = await db.client('a writer');
  await writer.query(`begin; ${append(1)}`);
  await db.sql(append(50_000));
  await pulse(db.sql);
  const beside = await blocksOf(server, read);
  t.true(beside < 60, `beside an open writer: ${beside} blocks`);
  const before = await numberOf(db.sql, 'alone');
  t.true(before !== undefined && before > 100_000);
  await writer.query('commit');
  t.is(await numberOf(db.sql, 'alone'), (before ?? 0) + 1);
  const [row] = await server<{ json: string }>(read.replace('select', 'select * from'));
  t.is(Number(row?.json), (before ?? 0) + 1);
});

test('a fold cannot take the index of readers, all of which it would have to go through', async (t) => {
  const db = await testDatabase(t);
  const client = await db.client();
  await client.query('set enable_seqscan = off; begin; drop index tally.deltas_xid');
  const { rows } = await client.query(
    `explain select from tally.deltas where xid >= '5' or xid = any (array['4'::xid8])`,
  );
  t.regex(JSON.stringify(rows), /Seq Scan on deltas/);
  await client.query('rollback');
});

test('the first of 100 000 ranked scopes are read by index, pending changes among them', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.r (scope text, points int);
    select tally.create_counter('score', 'public.r', scope => 'scope', amount => 'points',
                                ranked => true);
    insert into public.r select i::text, i from generate_series(1, ${OTHERS}) i`);
  await pulse(db.sql);
  await db.sql(`insert into public.r values ('5', 200000), ('99999', 1), ('100000', -7)`);
  await db.sql('vacuum analyze tally.totals');
  const top = async () =>
    (
      await db.sql<{ scope: string; value: string; rank: string }>(
        `select scope, value, rank from tally.top('score', 4)`,
      )
    ).map(({ scope, value, rank }) => `${rank}. ${scope} ${value}`);
  const expected = ['1. 5 200005', '2. 99999 100000', '3. 99998 99998', '4. 99997 99997'];
  t.deepEqual(await top(), expected);
  const [row] = await db.sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (analyze, buffers, format json) select * from tally.top('score', 4)`,
  );
  const plan = row?.['QUERY PLAN'][0].Plan;
  const blocks = (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
  t.true(blocks > 0 && blocks < 300, `${blocks} blocks`);
  await pulse(db.sql);
  t.deepEqual(await top(), expected);
});
