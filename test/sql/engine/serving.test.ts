import { readFileSync } from 'node:fs';
import test from 'ava';
import { type TestDatabase, testDatabase, testRole } from '../../helpers/database.js';
import { failure, pulse, type Sql, sqlOf } from '../../helpers/engine.js';

/** What a server reads: topics, what changed since a pulse, definitions, history, version. */

type Row = {
  readonly pos: number;
  readonly kind: string | null;
  readonly audience: string | null;
  readonly state: string;
  readonly json: string | null;
  readonly version: string;
  readonly settled: boolean;
  readonly pulse: string;
  readonly history: string;
};

const READ = 'select * from tally.read_topics($1, $2) order by pos';
const CHANGED = 'select * from tally.changed_topics($1, $2, $3) order by pos';

const split = (topics: readonly string[]): [string[], string[]] => [
  topics.map((topic) => topic.split(':')[0] ?? ''),
  topics.map((topic) => topic.split(':')[1] ?? ''),
];

const read = (sql: Sql, ...topics: string[]): Promise<Row[]> => sql<Row>(READ, split(topics));

/** What is shown of each topic in a few words: state, number, version, settled or not. */
const shown = async (sql: Sql, ...topics: string[]): Promise<string[]> =>
  (await read(sql, ...topics)).map(
    (row) => `${row.state} ${row.json} ${row.version} ${row.settled ? 'settled' : 'pending'}`,
  );

const changed = async (sql: Sql, since: number, ...topics: string[]): Promise<string[]> =>
  (await sql<Row>(CHANGED, [...split(topics), since])).map(
    (row) => `${row.pos}: ${row.json} ${row.version} at ${row.pulse}`,
  );

async function tables(db: TestDatabase): Promise<void> {
  await db.sql(`create table public.t (id int generated always as identity, k text, n numeric);
    select tally.create_counter('rows', 'public.t', audience => 'public');
    select tally.create_counter('kinds', 'public.t', scope => 'k', audience => 'owner')`);
}

test('each topic asked for is one row, in its place, as tally.counters shows it', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k) values ('a'), ('a'), ('b')`);
  await pulse(db.sql);
  await db.sql(`insert into public.t (k) values ('a')`);
  const rows = await read(db.sql, 'kinds:a', 'nobody', 'rows', 'kinds:b', 'kinds:c', 'kinds:a');
  const [of] = await db.sql<{ history: string }>('select tally.history() as history');
  const line = { kind: 'counter', audience: 'owner', state: 'ready', pulse: '1', ...of };
  t.deepEqual(rows, [
    { pos: 1, ...line, json: '3', version: '1', settled: false },
    {
      ...{ pos: 2, kind: null, audience: null, state: 'unknown', json: null },
      ...{ version: '0', settled: true, pulse: '1', ...of },
    },
    { pos: 3, ...line, audience: 'public', json: '4', version: '1', settled: false },
    { pos: 4, ...line, json: '1', version: '1', settled: true },
    { pos: 5, ...line, json: '0', version: '0', settled: true },
    { pos: 6, ...line, json: '3', version: '1', settled: false },
  ]);
  await pulse(db.sql);
  t.deepEqual(await shown(db.sql, 'kinds:a', 'rows'), ['ready 3 2 settled', 'ready 4 2 settled']);
  t.deepEqual(await read(db.sql), []);
});

test('a read sees its own writes, nobody else does, and what was folded meanwhile stays unseen', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k) values ('a')`);
  const writer = sqlOf(await db.client());
  await writer('begin');
  await writer(`insert into public.t (k) values ('a')`);
  const snapshot = sqlOf(await db.client());
  await snapshot('begin isolation level repeatable read');
  t.deepEqual(await shown(snapshot, 'kinds:a'), ['ready 1 0 pending']);
  t.deepEqual(await shown(writer, 'kinds:a'), ['ready 2 0 pending']);
  await pulse(db.sql);
  t.deepEqual(await shown(snapshot, 'kinds:a'), ['ready 1 0 pending']);
  // Written before the fold by a transaction that it could not see: by then one of its exceptions.
  t.deepEqual(await shown(writer, 'kinds:a'), ['ready 2 1 pending']);
  await writer('commit');
  t.deepEqual(await shown(db.sql, 'kinds:a'), ['ready 2 1 pending']);
  await pulse(db.sql);
  t.deepEqual(await shown(db.sql, 'kinds:a'), ['ready 2 2 settled']);
});

test('a topic that shows no number says why, as tally.counter_definitions does', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k, n) values ('a', 1), ('b', 5), ('c', 0);
    create table public.u (k text); create table public.v (k text);
    create table public.w (k text); create table public.parent (k text) partition by list (k);
    insert into public.u values ('a');
    select tally.create_counter('filling', 'public.u');
    select tally.create_counter('divided', 'public.t', amount => '12 / n');
    select tally.create_counter('large', 'public.t', scope => 'k', amount => 'n');
    select tally.create_counter('gone', 'public.v');
    select tally.create_counter('unfit', 'public.w')`);
  await db.sql(`select tally.work('1 minute')`);
  await db.sql(`select tally.create_counter('late', 'public.u');
    update tally.definitions set filled_at = null, fill_error = null where name = 'filling';
    drop table public.v cascade; alter table public.parent attach partition public.w default;
    insert into public.t (k, n) values ('a', 9e18), ('a', 9e18), ('b', 2)`);
  const topics = ['filling', 'late', 'divided', 'gone', 'unfit', 'large:a', 'large:b', 'rows'];
  const expected = [
    'filling null 0',
    'filling null 0',
    'broken null 0',
    'broken null 0',
    'broken null 0',
    'overflow null 0',
    'ready 7 0',
    'ready 6 0',
  ];
  const now = async () =>
    (await shown(db.sql, ...topics)).map((line) => line.split(' ').slice(0, 3).join(' '));
  t.deepEqual(await now(), expected);
  await pulse(db.sql);
  t.deepEqual(
    await now(),
    expected.map((line) => line.replace(/(\d) 0$/, '$1 1')),
  );
  t.deepEqual(await changed(db.sql, 0, ...topics), [
    '0: null 0 at 1',
    // Beyond bigint: that it changed is told.
    '6: null 1 at 1',
    '7: 7 1 at 1',
    '8: 6 1 at 1',
  ]);
  await db.sql(`delete from public.t where n > 10`);
  t.deepEqual(await shown(db.sql, 'large:a'), ['ready 1 1 pending']);
  const differ = await db.sql(`select d.name, d.state, s.state as topic_state
    from tally.counter_definitions d join tally.topic_states s on s.name = d.name
    where (d.state = 'filled') is distinct from (s.state = 'ready')
       or (d.state = 'filling') is distinct from (s.state = 'filling')`);
  t.deepEqual(differ, []);
  t.deepEqual(
    await db.sql(`select * from tally.topic_definitions(array['rows', 'x', 'gone', 'late', 'rows'])
                  order by name`),
    [
      { name: 'gone', kind: 'counter', audience: 'private', state: 'broken' },
      { name: 'late', kind: 'counter', audience: 'private', state: 'filling' },
      { name: 'rows', kind: 'counter', audience: 'public', state: 'ready' },
    ],
  );
});

test('what changed since a pulse is what pulses after it folded, and nothing pending', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const topics = ['kinds:a', 'kinds:b', 'nobody', 'rows', 'kinds:c'];
  t.deepEqual(await changed(db.sql, 0, ...topics), ['0: null 0 at 0']);
  await db.sql(`insert into public.t (k) values ('a'), ('b')`);
  t.deepEqual(await changed(db.sql, 0, ...topics), ['0: null 0 at 0']);
  await pulse(db.sql);
  await db.sql(`insert into public.t (k) values ('b')`);
  await pulse(db.sql);
  await db.sql(`insert into public.t (k) values ('a'), ('c')`);
  t.deepEqual(await changed(db.sql, 0, ...topics), [
    '0: null 0 at 2',
    '1: 1 1 at 2',
    '2: 2 2 at 2',
    '4: 3 2 at 2',
  ]);
  t.deepEqual(await changed(db.sql, 1, ...topics), [
    '0: null 0 at 2',
    '2: 2 2 at 2',
    '4: 3 2 at 2',
  ]);
  t.deepEqual(await changed(db.sql, 2, ...topics), ['0: null 0 at 2']);
  t.deepEqual(await changed(db.sql, 9, ...topics), ['0: null 0 at 2']);
});

test('a read looks at the definitions of its topics only, however many others there are', async (t) => {
  const db = await testDatabase(t);
  await tables(db);
  const sql = sqlOf(await db.client());
  // A session keeps the plans that it makes while there are few, and known to be few.
  await db.sql('analyze tally.definitions, tally.summary_definitions');
  await read(sql, 'rows');
  await changed(sql, 0, 'rows');
  await db.sql(`select tally.create_counter('more_' || i, 'public.t', filter => 'n = ' || i)
    from generate_series(1, 20) i`);
  const fetched = async (): Promise<number> => {
    const [row] = await sql<{ rows: string }>(`select coalesce(sum(idx_tup_fetch + seq_tup_read), 0)
      as rows from pg_stat_xact_all_tables where relid = 'tally.definitions'::regclass`);
    return Number(row?.rows);
  };
  await sql('begin');
  for (const look of [
    () => read(sql, 'rows', 'kinds:a'),
    () => changed(sql, 0, 'rows', 'kinds:a'),
  ]) {
    const before = await fetched();
    await look();
    t.is((await fetched()) - before, 2);
  }
});

test('a server may read topics with the rights of tally_server, and others may not', async (t) => {
  const role = await testRole(t, 'login');
  const other = await testRole(t, 'login');
  const db = await testDatabase(t);
  await tables(db);
  await db.sql(`insert into public.t (k) values ('a')`);
  await db.sql(`grant tally_server to ${role}; grant usage on schema tally to ${other}`);
  const server = sqlOf(await db.client());
  await server(`set role ${role}`);
  t.deepEqual(await shown(server, 'kinds:a'), ['ready 1 0 pending']);
  t.deepEqual(await changed(server, 0, 'kinds:a'), ['0: null 0 at 0']);
  t.is((await server(`select * from tally.topic_definitions(array['rows'])`)).length, 1);
  t.regex((await server('select tally.history()'))[0]?.history, /^[0-9a-f]{8}$/);
  t.is((await server('select tally.version()')).length, 1);
  await server(`set role ${other}`);
  for (const call of [
    `read_topics('{a}', '{""}')`,
    `changed_topics('{a}', '{""}', 0)`,
    `topic_definitions('{a}')`,
    'history()',
    'version()',
  ]) {
    t.is((await failure(server(`select tally.${call}`), call)).code, '42501', call);
  }
});

test('what a server asks all the time is never compiled: that takes longer than to answer', async (t) => {
  const db = await testDatabase(t);
  const rows = await db.sql(
    `select p.proname as name from pg_proc p
     where p.pronamespace = 'tally'::regnamespace
       and p.proname in ('trail', 'history', 'next_work', 'next_work_knowing', 'pulse',
                         'collect_marks')
       and 'jit=off' = any (p.proconfig)
     order by 1`,
  );
  t.deepEqual(
    rows.map(({ name }) => name),
    ['collect_marks', 'history', 'next_work', 'next_work_knowing', 'pulse', 'trail'],
  );
});

test('what is found by index whatever statistics say is never compiled, however dear a plan looks', async (t) => {
  const db = await testDatabase(t);
  const rows = await db.sql<{ name: string }>(
    `select p.proname as name from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and 'enable_seqscan=off' = any (p.proconfig)
       and not 'jit=off' = any (p.proconfig)
     order by 1`,
  );
  // Each looks at one row at a time, by a key, and has no other way that costs would be added for.
  t.deepEqual(
    rows.map(({ name }) => name),
    ['changed_topics', 'read_topics', 'top_after'],
  );
});

test("the engine's version is the package's", async (t) => {
  const db = await testDatabase(t);
  const file = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(file) as { version: string };
  t.deepEqual(await db.sql('select tally.version()'), [{ version }]);
});

test('the trail tells a fold from the pulse of a document, which folds nothing', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.things (id int);
    create function public.made(scope text) returns jsonb language sql stable
      as $$select to_jsonb(count(*)) from public.things$$;
    select tally.create_counter('things', 'public.things');
    select tally.create_summary('made', 'public.made');`);
  await sql('insert into public.things values (1)');
  await sql('select tally.pulse()');
  const trail = async () => {
    const [row] = await sql<{ pulse: string; seen: string; is_pending: boolean }>(
      'select pulse, seen, is_pending from tally.trail()',
    );
    return row;
  };
  const folded = await trail();
  t.false(folded?.is_pending);
  await sql('insert into public.things values (2)');
  await sql(`select tally.read_summary('made')`);
  const built = await trail();
  t.true(Number(built?.pulse) > Number(folded?.pulse));
  t.is(built?.seen, folded?.seen);
  await sql('select tally.pulse()');
  t.not((await trail())?.seen, folded?.seen);
});
