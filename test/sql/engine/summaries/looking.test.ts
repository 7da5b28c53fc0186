import test from 'ava';
import { type TestDatabase, testRole } from '../../../helpers/database.js';
import { finding, type Sql, sqlOf } from '../../../helpers/engine.js';
import { documents, league, work } from './league.js';

/** A summary over a partitioned table; the builder says NULL where there are no rows. */
async function parts(db: TestDatabase): Promise<void> {
  await db.sql(`create table app.pt (id int, k text, v int) partition by list (k);
    create table app.pt_old partition of app.pt for values in ('old');
    create table app.pt_rest partition of app.pt default;
    create function app.count_of(scope text) returns jsonb language sql stable as $$
      select to_jsonb(count(*)) from app.pt where k = scope having count(*) > 0 $$;
    select tally.create_summary('mf', 'app.count_of', settle => '0');
    select tally.watch('mf', 'app.pt', scope => 'k')`);
  await work(db.sql);
}

async function scopes(sql: Sql, name = 'mf'): Promise<string[]> {
  return Object.keys(await documents(sql))
    .filter((topic) => topic.startsWith(`${name}:`))
    .map((topic) => topic.slice(name.length + 1));
}

test('a MERGE that moves a row to another partition gives the new scope its document', async (t) => {
  const db = await league(t);
  await parts(db);
  await db.sql(`insert into app.pt values (1, 'old', 1)`);
  await work(db.sql);
  await db.sql(`select tally.read_summary('mf', 'ns3')`);
  await db.sql(`merge into app.pt p using (values (1)) v (id) on p.id = v.id
    when matched then update set k = 'ns3'`);
  await work(db.sql);
  t.deepEqual(await scopes(db.sql), ['ns3']);
  t.deepEqual(await db.sql('select from tally.looks where not is_rest'), []);
});

for (const [how, statement] of [
  ['refresh', `select tally.refresh('mf')`],
  ['attach', `select * from tally.attach()`],
] as const) {
  test(`the rows of a partition that was attached have documents after ${how}`, async (t) => {
    const db = await league(t);
    await parts(db);
    await db.sql(`create table app.pt_att (id int, k text, v int);
      insert into app.pt_att values (1, 'att', 1);
      alter table app.pt attach partition app.pt_att for values in ('att')`);
    await db.sql(statement);
    await work(db.sql);
    t.deepEqual(await scopes(db.sql), ['att']);
  });
}

test('rows that came while a watch was broken have documents when it is mended', async (t) => {
  const db = await league(t);
  await parts(db);
  await db.sql(`alter table app.pt rename v to w; alter table app.pt rename k to kk;
    insert into app.pt values (1, 'ren', 1)`);
  await work(db.sql);
  t.deepEqual(await db.sql('select attempts from tally.looks'), [{ attempts: 1 }]);
  await db.sql('alter table app.pt rename kk to k');
  // By itself, when it is tried again; and at once by hand.
  await db.sql('update tally.looks set due_at = clock_timestamp()');
  await work(db.sql);
  t.deepEqual(await scopes(db.sql), ['ren']);
  t.deepEqual(await db.sql('select from tally.looks where not is_rest'), []);
  await db.sql('delete from tally.documents');
  await db.sql(`select tally.refresh('mf')`);
  t.deepEqual(await scopes(db.sql), ['ren']);
});

test('a row that a watch cannot be evaluated on keeps no other from its document', async (t) => {
  const db = await league(t);
  await db.sql(`create table app.ratios (k text, v int);
    create function app.ratio(scope text) returns jsonb language sql immutable as
      $$ select to_jsonb(scope) $$;
    select tally.create_summary('ratio', 'app.ratio', settle => '0');
    select tally.watch('ratio', 'app.ratios', $$k || (10 / v)$$, $$k not like '5%'$$)`);
  await work(db.sql);
  await db.sql(`insert into app.ratios values ('zero', 0), ('two', 2), ('5%', 1), (null, 3)`);
  await work(db.sql);
  t.deepEqual(await scopes(db.sql, 'ratio'), ['two5']);
});

test('a new watch makes no documents that nobody asked for, and renews those that are there', async (t) => {
  const db = await league(t);
  await db.sql(`create table app.late (league text);
    insert into app.late values ('seen'), ('unseen');
    create function app.lates(scope text) returns jsonb language sql stable as
      $$ select to_jsonb(count(*)) from app.late where league = scope $$;
    select tally.create_summary('lates', 'app.lates', settle => '0');
    select tally.warm('lates', '{seen}');
    insert into app.late values ('seen');
    select tally.watch('lates', 'app.late', 'league')`);
  await work(db.sql);
  t.deepEqual(await documents(db.sql), { 'lates:seen': 2, totals: { players: 0, points: 0 } });
});

test('of many scopes ten thousand are looked for at a time, and documents that are there stay', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.one(scope text) returns jsonb language sql immutable as
      $$ select '1'::jsonb $$;
    create table app.wide (n int);
    select tally.create_summary('wide', 'app.one', settle => '0');
    select tally.watch('wide', 'app.wide', 'n::text')`);
  await work(db.sql);
  await db.sql(`alter table app.wide disable trigger user;
    insert into app.wide select generate_series(1, 12000);
    alter table app.wide enable trigger user;
    select tally.mark_source('app.wide'); select tally.collect_marks(), tally.expand_due()`);
  t.deepEqual(await db.sql('select tally.look_due(clock_timestamp()) as more'), [{ more: true }]);
  const due =
    'select count(*)::int as n, count(distinct scope)::int as d from tally.due where scope is not null';
  t.deepEqual(await db.sql(due), [{ n: 10_000, d: 10_000 }]);
  t.deepEqual(await db.sql('select tally.look_due(clock_timestamp()) as more'), [{ more: true }]);
  t.deepEqual(await db.sql(due), [{ n: 12_000, d: 12_000 }]);
  t.deepEqual(await db.sql('select tally.look_due(clock_timestamp()) as more'), [{ more: false }]);
});

test('a look keeps no lock, and a locked table only puts it off', async (t) => {
  const db = await league(t);
  await parts(db);
  await db.sql(
    `select tally.mark_source('app.pt'); select tally.collect_marks(), tally.expand_due()`,
  );
  const session = sqlOf(await db.client());
  await session('begin');
  await session('select tally.look_due(clock_timestamp())');
  t.deepEqual(
    await session(
      `select from pg_locks where pid = pg_backend_pid() and relation = 'app.pt'::regclass`,
    ),
    [],
  );
  await session('rollback');
  await session('begin');
  await session('lock table app.pt in access exclusive mode');
  await db.sql('select tally.look_due(clock_timestamp())');
  t.deepEqual(await db.sql('select attempts from tally.looks'), [{ attempts: 1 }]);
  await session('rollback');
});

test('a table is looked through with the rights of its owner, until it is given away', async (t) => {
  const db = await league(t);
  await parts(db);
  await db.sql(`alter table app.pt_rest disable trigger user; insert into app.pt values (1, 'x', 1);
    alter table app.pt_rest enable trigger user`);
  t.false(
    (
      await db.sql<{ may: boolean }>(
        `select has_table_privilege('tally_owner', 'app.pt', 'select') as may`,
      )
    )[0]?.may,
  );
  await db.sql(`select tally.refresh('mf')`);
  t.deepEqual(await scopes(db.sql), ['x']);
  const role = await testRole(t, '');
  await db.sql(`alter table app.pt owner to ${role}`);
  t.is((await finding(db.sql, 'marking functions of app.pt')).status, 'fail');
  const [row] = await db.sql<{ error: string }>(`select l.error from tally.summary_definitions s,
    tally.look_through(s.id, null, 10) l where s.name = 'mf'`);
  t.regex(row?.error ?? '', /belongs to/);
  t.deepEqual(await db.sql(`select attached from tally.attach('app.pt')`), [
    { attached: 'looking function' },
  ]);
  await db.sql(`select tally.drop_summary('mf')`);
  t.deepEqual(await db.sql(`select from pg_proc where proname = 'look_app_pt'`), []);
  await db.sql(`alter table app.pt owner to current_user; drop owned by ${role}`);
});
