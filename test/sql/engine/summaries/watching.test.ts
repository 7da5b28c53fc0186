import test from 'ava';
import { engineDatabase } from '../../../helpers/cluster.js';
import { testRole } from '../../../helpers/database.js';
import { debian15 } from '../../../helpers/debian.js';
import { failure, finding, type Sql, sqlOf } from '../../../helpers/engine.js';
import { DIFFERENCES, documents, league, marked, work } from './league.js';

/** Each statement, and the leagues whose boards it concerns. */
const STATEMENTS: readonly [sql: string, leagues: readonly (string | null)[]][] = [
  [
    `insert into app.scores (league, player, points) values ('a', 'x', 1), ('b', 'y', 2)`,
    ['a', 'b'],
  ],
  [`insert into app.scores (league, player, points) values (null, 'nobody', 1)`, []],
  [`update app.scores set points = 5 where player = 'x'`, ['a']],
  [`update app.scores set league = 'c' where player = 'x'`, ['a', 'c']],
  [`update app.scores set league = null where player = 'x'`, ['c']],
  [`update app.scores set league = 'd' where player = 'x'`, ['d']],
  [`update app.scores set points = 1 where false`, []],
  [`delete from app.scores where player = 'x'`, ['d']],
  [
    `merge into app.scores s using (values ('y', 'e'), ('z', 'f')) v (player, league)
     on s.player = v.player when matched then update set league = v.league
     when not matched then insert (league, player, points) values (v.league, v.player, 1)`,
    ['b', 'e', 'f'],
  ],
  [
    `with gone as (delete from app.scores where player = 'z' returning *)
     insert into app.scores (league, player, points) select 'g', player, points from gone`,
    ['f', 'g'],
  ],
  [
    `insert into app.scores (id, league, player, points) overriding system value
     select id, 'h', player, points from app.scores where player = 'y'
     on conflict (id) do update set league = excluded.league`,
    ['e', 'h'],
  ],
  ['truncate app.scores', [null]],
];

test('each statement marks the documents of the rows it changes, as they were and as they are', async (t) => {
  const db = await league(t);
  await work(db.sql);
  for (const [statement, leagues] of STATEMENTS) {
    await db.sql(statement);
    t.deepEqual(await marked(db.sql, 'board'), leagues, statement);
    await work(db.sql);
    t.deepEqual(await marked(db.sql, 'board'), [], statement);
    t.deepEqual(await db.sql(DIFFERENCES), [], statement);
  }
});

test('a filter marks rows that match it, or matched it before', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_summary('stars', 'app.board')`);
  await db.sql(`select tally.watch('stars', 'app.scores', 'league', 'points > 10')`);
  await work(db.sql);
  const marks = async (statement: string) => {
    await db.sql(statement);
    const scopes = await marked(db.sql, 'stars');
    await db.sql('select tally.collect_marks()');
    return scopes;
  };
  await db.sql('delete from tally.due');
  t.deepEqual(await marks(`insert into app.scores (league, points) values ('a', 1), ('b', 11)`), [
    'b',
  ]);
  t.deepEqual(await marks('update app.scores set points = points + 1 where points < 10'), []);
  t.deepEqual(await marks(`update app.scores set points = 20 where league = 'a'`), ['a']);
  t.deepEqual(await marks(`update app.scores set points = 2 where league = 'a'`), ['a']);
  t.deepEqual(await marks(`delete from app.scores where league = 'a'`), []);
});

test('one table is watched in several ways at once', async (t) => {
  const db = await league(t);
  await db.sql(`create table app.follows (follower text, followed text, weight int);
    create function app.profile(scope text) returns jsonb language sql stable as $$
      select jsonb_build_object('follows', (select count(*) from app.follows where follower = scope),
                                'followed', (select count(*) from app.follows where followed = scope))
    $$;
    select tally.create_summary('profile', 'app.profile', settle => '0');
    select tally.watch('profile', 'app.follows', 'follower');
    select tally.watch('profile', 'app.follows', 'followed')`);
  await work(db.sql);
  await db.sql(`insert into app.follows values ('a', 'b'), ('a', 'c')`);
  t.deepEqual(await marked(db.sql, 'profile'), ['a', 'b', 'c']);
  await work(db.sql);
  t.deepEqual((await documents(db.sql))['profile:a'], { follows: 2, followed: 0 });
  t.deepEqual((await documents(db.sql))['profile:c'], { follows: 0, followed: 1 });
});

async function partitions(sql: Sql): Promise<void> {
  await sql(`create table app.parts (id int, k int, league text) partition by list (k);
    create table app.parts_1 partition of app.parts for values in (1);
    create table app.parts_2 partition of app.parts for values in (2);
    create function app.part(scope text) returns jsonb language sql stable as
      $$ select to_jsonb(count(*)) from app.parts where league = scope $$;
    select tally.create_summary('part', 'app.part', settle => '0');
    select tally.watch('part', 'app.parts', 'league')`);
  await work(sql);
}

/** Moves between partitions and routes rows, which transition tables show wrong or not at all. */
const PARTITION_STATEMENTS: readonly [sql: string, leagues: readonly (string | null)[]][] = [
  [`insert into app.parts values (1, 1, 'a'), (2, 2, 'b')`, ['a', 'b']],
  [`insert into app.parts_1 values (3, 1, 'c')`, ['c']],
  [`update app.parts set k = 2, league = 'd' where id = 1`, ['a', 'd']],
  [`update app.parts_2 set league = 'e' where id = 2`, ['b', 'e']],
  [
    `merge into app.parts p using (values (3, 2, 'f')) v (id, k, league) on p.id = v.id
     when matched then update set k = v.k, league = v.league`,
    [null],
  ],
  [
    `merge into app.parts p using (values (9, 1, 'g'), (2, 2, 'h')) v (id, k, league) on p.id = v.id
     when matched then update set league = v.league
     when not matched then insert values (v.id, v.k, v.league)`,
    ['e', 'g', 'h'],
  ],
  ['truncate app.parts_1', [null]],
  ['truncate app.parts', [null]],
];

async function isMarkedInPartitions(
  same: (actual: unknown, expected: unknown, message: string) => void,
  sql: Sql,
): Promise<void> {
  await partitions(sql);
  for (const [statement, leagues] of PARTITION_STATEMENTS) {
    await sql(statement);
    const scopes = await marked(sql, 'part');
    same(scopes.includes(null) ? [null] : scopes, leagues, statement);
    await work(sql);
    same(
      await sql(`select scope, body from tally.summaries s where s.name = 'part'
        and body <> app.part(scope)`),
      [],
      statement,
    );
  }
}

test('partitions: through the root, into a leaf, moved, merged and truncated', async (t) => {
  const db = await league(t);
  await isMarkedInPartitions((...args) => t.deepEqual(...args), db.sql);
});

test('partitions on Debian’s 15', async (t) => {
  const server = await debian15(t);
  if (server === undefined) return;
  const db = await engineDatabase(t, server.url);
  await db.sql('create schema app');
  await isMarkedInPartitions((...args) => t.deepEqual(...args), db.sql);
});

test('a new partition gets its triggers from attach, and a detached one loses them', async (t) => {
  const db = await league(t);
  await partitions(db.sql);
  await db.sql(`create table app.parts_3 partition of app.parts for values in (3)`);
  t.is((await finding(db.sql, 'marking triggers on app.parts_3')).status, 'fail');
  await db.sql(`select * from tally.attach('app.parts')`);
  await work(db.sql);
  await db.sql(`insert into app.parts_3 values (1, 3, 'a')`);
  t.deepEqual(await marked(db.sql, 'part'), ['a']);
  await db.sql('alter table app.parts detach partition app.parts_3');
  t.true((await db.sql('select * from tally.attach()')).length >= 4);
  t.deepEqual(
    await db.sql(`select tgname from pg_trigger where tgrelid = 'app.parts_3'::regclass
      and tgname ~ 'tally'`),
    [],
  );
});

test('a watched column that is dropped fails no write: each one then concerns every document', async (t) => {
  const db = await league(t);
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'x', 1)`);
  await db.sql(`create table app.tags (league text, tag text);
    select tally.watch('board', 'app.tags', 'league');
    select tally.watch('totals', 'app.tags', filter => $$tag <> 'x'$$)`);
  await work(db.sql);
  await db.sql('alter table app.tags drop column league');
  await t.notThrowsAsync(db.sql(`insert into app.tags values ('y')`));
  t.deepEqual(await marked(db.sql, 'board'), [null]);
  t.deepEqual(await marked(db.sql, 'totals'), ['']);
  const found = await finding(db.sql, 'watch of app.tags by board');
  t.is(found.status, 'fail');
  t.regex(found.remedy ?? '', /tally\.unwatch/);
  await db.sql(`select tally.unwatch('board', 'app.tags')`);
  await work(db.sql);
  await db.sql(`insert into app.tags values ('y')`);
  t.deepEqual(await marked(db.sql, 'board'), []);
});

test('the doctor says of a watched table that joined an inheritance, or is gone, what is true of that', async (t) => {
  const db = await league(t);
  await db.sql(`create table app.tags (league text);
    select tally.watch('board', 'app.tags', 'league');
    create table app.child () inherits (app.tags)`);
  const joined = await finding(db.sql, 'watch of app.tags by board');
  t.regex(joined.detail, /table inheritance.*; until that is undone a write may make nothing due$/);
  t.regex(joined.remedy ?? '', /no inherit; or select tally\.unwatch\('board', 'app\.tags'\);$/);
  const [table] = await db.sql<{ oid: number }>(`select 'app.tags'::regclass::oid as oid`);
  await db.sql('drop table app.tags cascade');
  const gone = await finding(db.sql, `watch of ${table?.oid} by board`);
  t.is(gone.detail, `the table (oid ${table?.oid}) is gone`);
  t.is(gone.remedy, `select tally.unwatch('board', ${table?.oid});`);
});

test('an expression that raises on a row, or a scope too long, fails no write', async (t) => {
  const db = await league(t);
  await db.sql(`create table app.ratios (a int, b int, name text);
    select tally.watch('board', 'app.ratios', '(a / b)::text');
    select tally.watch('totals', 'app.ratios', 'name')`);
  await work(db.sql);
  await t.notThrowsAsync(db.sql(`insert into app.ratios values (1, 0, repeat('x', 600))`));
  t.deepEqual(await marked(db.sql, 'board'), [null]);
  t.deepEqual(await marked(db.sql, 'totals'), []);
});

test('marking waits for nobody, fails no serializable writer, and needs no right', async (t) => {
  const db = await league(t);
  const role = await testRole(t, '');
  await db.sql(`grant usage on schema app to ${role};
    grant all on all tables in schema app to ${role}; grant all on all sequences in schema app to ${role}`);
  const first = sqlOf(await db.client());
  const second = sqlOf(await db.client());
  for (const session of [first, second]) {
    await session(`set role ${role}; set lock_timeout = '1ms'`);
    await session('begin isolation level serializable');
  }
  for (const [session, player] of [
    [first, 'x'],
    [second, 'y'],
    [first, 'z'],
  ] as const) {
    await session(`insert into app.scores (league, player, points) values ('a', $1, 1)`, [player]);
  }
  // While marks of others are being collected, too.
  const worker = sqlOf(await db.client());
  await worker('begin');
  await worker('select tally.collect_marks()');
  await second(`insert into app.scores (league, player, points) values ('a', 'w', 1)`);
  await first('commit');
  await second('commit');
  await worker('commit');
  t.is((await failure(first('select * from tally.marks'))).code, '42501');
  await work(db.sql);
  t.deepEqual(await db.sql(DIFFERENCES), []);
  await db.sql(`revoke all on schema app from ${role}; drop owned by ${role}`);
});

test('a table may have counters and watches, and lose either without the other', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_counter('players', 'app.scores', scope => 'league')`);
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'x', 1)`);
  await db.sql('select tally.pulse()');
  t.deepEqual(await marked(db.sql, 'board'), ['a']);
  await work(db.sql);
  t.deepEqual(await db.sql('select * from tally.verify()'), []);
  await db.sql(`select tally.drop_counter('players')`);
  await db.sql(`insert into app.scores (league, player, points) values ('b', 'x', 1)`);
  t.deepEqual(await marked(db.sql, 'board'), ['b']);
  t.deepEqual(await db.sql(`select * from tally.attach()`), []);
  t.deepEqual(await db.sql(`select * from tally.doctor() where status = 'fail'`), []);
});

test('while nobody works, a writer now and then collects marks at its commit: they stay bounded', async (t) => {
  const db = await league(t, { settle: '1 hour' });
  await db.sql('update tally.settings set fold_at = 1000');
  await db.sql('select tally.collect_marks()');
  const client = await db.client();
  const marks = async () =>
    (await db.sql<{ n: number }>('select count(*)::int as n from tally.marks'))[0]?.n ?? 0;
  // Two for each write, of which one in a thousand asks.
  for (let written = 1000; ; written += 1000) {
    await client.query(`do $$ begin for n in 1 .. 1000 loop
      insert into app.scores (league, player, points) values ('l' || n % 3, 'x', n); commit;
    end loop; end $$`);
    if ((await marks()) < 2 * written) break;
    if (written >= 20_000) throw new Error(`${await marks()} marks, and nobody has collected any`);
  }
  const due = await db.sql('select from tally.due where scope is not null');
  t.true(due.length <= 4);
  await db.sql('update tally.due set due_at = clock_timestamp()');
  await db.sql('select tally.collect_marks()');
  await db.sql('update tally.due set due_at = clock_timestamp()');
  await work(db.sql);
  t.deepEqual(await db.sql(DIFFERENCES), []);
});

test('the doctor warns when marks pile up, when triggers are off, and when builds are late', async (t) => {
  const db = await league(t);
  await work(db.sql);
  t.is((await finding(db.sql, 'pending marks')).status, 'ok');
  await db.sql(`insert into tally.marks (summary, scope)
    select id, n::text from tally.summary_definitions, generate_series(1, 5001) n`);
  t.is((await finding(db.sql, 'pending marks')).status, 'warn');
  await db.sql('select tally.collect_marks()');
  t.is((await finding(db.sql, 'summary totals')).status, 'ok');
  await db.sql(`update tally.due set due_at = now() - interval '2 minutes'`);
  const late = await finding(db.sql, 'summary totals');
  t.is(late.status, 'warn');
  t.regex(late.detail, /due for 00:02:/);
  await db.sql('alter table app.scores disable trigger _510_tally_mark_update');
  const off = await finding(db.sql, 'marking triggers on app.scores');
  t.is(off.status, 'fail');
  t.regex(off.remedy ?? '', /enable trigger _510_tally_mark_update/);
  await db.sql(off.remedy?.replace('; then ', '; ') ?? '');
  t.is((await finding(db.sql, 'marking triggers on app.scores')).status, 'ok');
  await db.sql(`create or replace function tally.mark_app_scores_update() returns trigger
    language plpgsql as 'begin return null; end'`);
  t.is((await finding(db.sql, 'marking functions of app.scores')).status, 'fail');
  await db.sql(`select * from tally.attach('app.scores')`);
  t.is((await marked(db.sql, 'board')).length, 1);
  t.deepEqual(await db.sql(`select * from tally.doctor() where status = 'fail'`), []);
});
