import test from 'ava';
import { clusterDatabase } from '../../../helpers/cluster.js';
import { asUser, testDatabase, testRole } from '../../../helpers/database.js';
import { failure, finding, sqlOf } from '../../../helpers/engine.js';
import { documents, league, marked, work } from './league.js';

test('declaring the same summary and the same watch again changes nothing', async (t) => {
  const db = await league(t);
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'x', 1)`);
  await work(db.sql);
  const before = await documents(db.sql);
  await db.sql(`select tally.create_summary('board', 'app.board', settle => '0 s')`);
  await db.sql(`select tally.watch('board', 'app.scores', scope => ' scores . league ')`);
  t.deepEqual(await documents(db.sql), before);
  t.deepEqual(await marked(db.sql, 'board'), []);
  t.is((await db.sql('select from tally.watches')).length, 2);
});

test('another definition under the same name is an error that says where they differ', async (t) => {
  const db = await league(t);
  const error = await failure(
    db.sql(`select tally.create_summary('board', 'app.totals', max_age => '1 minute')`),
  );
  t.is(error.code, 'TL002');
  t.regex(error.detail ?? '', /builder is app\.board, not app\.totals/);
  t.regex(error.detail ?? '', /max_age is null, not 00:01:00/);
  t.regex(error.hint ?? '', /tally\.drop_summary\('board'\)/);
});

test('counters and summaries share their names: one cannot take the other’s', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_counter('players', 'app.scores')`);
  const summary = await failure(db.sql(`select tally.create_summary('players', 'app.board')`));
  t.is(summary.code, 'TL002');
  t.regex(summary.message, /belongs to a counter/);
  const counter = await failure(db.sql(`select tally.create_counter('board', 'app.scores')`));
  t.is(counter.code, 'TL002');
  t.regex(counter.message, /belongs to a summary/);
});

const WRONG: readonly [sql: string, code: string, says: RegExp][] = [
  [`select tally.create_summary('Board', 'app.board')`, 'TL001', /'Board' is not allowed/],
  [`select tally.create_summary(null, 'app.board')`, 'TL001', /null is not allowed/],
  [`select tally.create_summary('x', 'app.board', audience => 'all')`, 'TL005', /'all'/],
  [`select tally.create_summary('x', null)`, 'TL019', /none is given/],
  [`select tally.create_summary('x', 'app.one')`, 'TL019', /returns text/],
  [`select tally.create_summary('x', 'app.many')`, 'TL019', /a set of rows/],
  [`select tally.create_summary('x', 'app.two')`, 'TL019', /takes \(scope text, more text\)/],
  [`select tally.create_summary('x', 'app.by_number')`, 'TL019', /takes \(scope integer\)/],
  [`select tally.create_summary('x', 'pg_temp.mine')`, 'TL019', /temporary/],
  [
    `select tally.create_summary('x', 'app.board', settle => '-1 s')`,
    'TL020',
    /settle is -00:00:01/,
  ],
  [`select tally.create_summary('x', 'app.board', settle => null)`, 'TL020', /settle is null/],
  [`select tally.create_summary('x', 'app.board', max_age => '0')`, 'TL020', /max_age is 00:00:00/],
  [`select tally.drop_summary('nothing')`, 'TL018', /no summary "nothing"/],
  [`select tally.read_summary('nothing')`, 'TL018', /no summary "nothing"/],
  [`select tally.refresh('nothing')`, 'TL018', /no summary "nothing"/],
  [`select tally.warm('nothing', '{}')`, 'TL018', /no summary "nothing"/],
  [`select tally.watch('nothing', 'app.scores')`, 'TL018', /no summary "nothing"/],
  [`select tally.read_summary('board', null)`, 'TL022', /scope is null/],
  [`select tally.read_summary('board', repeat('é', 300))`, 'TL022', /600 bytes/],
  [`select tally.watch('board', null)`, 'TL003', /no source is given/],
  [`select tally.watch('board', 'app.view')`, 'TL003', /cannot be watched: it is a view/],
  [
    `select tally.watch('board', 'app.scores', 'now()::text')`,
    'TL004',
    /summary "board": its scope/,
  ],
  [`select tally.watch('board', 'app.scores', filter => 'points')`, 'TL004', /its filter/],
  [`select tally.watch('board', 'app.scores', '(select 1)')`, 'TL004', /subquery/],
  [
    `begin isolation level serializable; select tally.create_summary('x', 'app.board')`,
    'TL009',
    /READ/,
  ],
];

test('each wrong declaration is refused with what is wrong and what would be right', async (t) => {
  const db = await league(t);
  const sql = sqlOf(await db.client());
  await sql(`create view app.view as select 1 as one;
    create function app.one(scope text) returns text language sql as 'select scope';
    create function app.many(scope text) returns setof jsonb language sql as 'select null::jsonb';
    create function app.two(scope text, more text) returns jsonb language sql as 'select null::jsonb';
    create function app.by_number(scope int) returns jsonb language sql as 'select null::jsonb';
    create function pg_temp.mine(scope text) returns jsonb language sql as 'select null::jsonb'`);
  for (const [statement, code, says] of WRONG) {
    const error = await failure(sql(statement), statement);
    t.is(error.code, code, statement);
    t.regex(error.message, says, statement);
    t.truthy(error.hint, statement);
    await sql('rollback');
  }
});

test('dropping a summary leaves the table as it was, and another summary’s watch in place', async (t) => {
  const db = await league(t);
  const triggers = `select tgname from pg_trigger where tgrelid = 'app.scores'::regclass
    and not tgisinternal`;
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'x', 1)`);
  await work(db.sql);
  await db.sql(`select tally.drop_summary('board')`);
  t.is((await db.sql(triggers)).length, 4);
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'y', 1)`);
  await work(db.sql);
  t.deepEqual(await documents(db.sql), { totals: { players: 2, points: 2 } });
  await db.sql(`select tally.unwatch('totals', 'app.scores')`);
  await db.sql(`select tally.unwatch('totals', 'app.scores')`);
  t.deepEqual(await db.sql(triggers), []);
  await db.sql(`select tally.drop_summary('totals')`);
  await work(db.sql);
  t.deepEqual(
    await db.sql(`select proname from pg_proc where pronamespace = 'tally'::regnamespace
      and proname ~ '^(mark_app|summary_(board|totals))'`),
    [],
  );
  t.deepEqual(await db.sql('select from tally.documents'), []);
});

test('a builder runs with its owner’s rights, and only who may act as him declares it', async (t) => {
  const owner = await testRole(t, 'login');
  const dba = await testRole(t, 'login');
  const reader = await testRole(t, 'login');
  const db = await testDatabase(t);
  await db.sql(`grant tally_owner to ${dba}, ${owner}; grant tally_server to ${reader};
    create schema shop authorization ${owner}`);
  const as = (user: string) => clusterDatabase(t, asUser(db.url, user));
  await as(owner).sql(`create table shop.secrets (v int); insert into shop.secrets values (7);
    create function shop.doc(scope text) returns jsonb language sql stable as
      $$ select jsonb_build_object('v', v, 'by', current_user) from shop.secrets $$`);
  await as(owner).sql(`grant usage on schema shop to ${dba}`);
  const refused = await failure(as(dba).sql(`select tally.create_summary('secret', 'shop.doc')`));
  t.is(refused.code, 'TL007');
  t.regex(refused.message, new RegExp(`may not act as ${owner}`));
  await as(owner).sql(`select tally.create_summary('secret', 'shop.doc', settle => '0');
    select tally.watch('secret', 'shop.secrets')`);
  const read = await as(reader).sql(`select tally.read_summary('secret') as body`);
  t.deepEqual(read[0], { body: { v: 7, by: owner } });
  t.is((await failure(as(reader).sql('select * from shop.secrets'))).code, '42501');
  t.is((await failure(as(reader).sql(`select tally.summary_secret('')`))).code, '42501');
  await as(owner).sql('update shop.secrets set v = 8');
  await as(reader).sql('call tally.tick()');
  t.deepEqual(await documents(db.sql), { secret: { v: 8, by: owner } });
  t.is((await finding(db.sql, 'summary secret')).status, 'ok');
  t.false(
    (
      await db.sql<{ may: boolean }>(
        `select has_schema_privilege('${reader}', 'tally', 'create') as may`,
      )
    )[0]?.may,
  );
});

test('a builder that is made anew by another owner is found by the doctor, and declared again', async (t) => {
  const db = await league(t);
  const role = await testRole(t, '');
  await db.sql(`alter function app.board(text) owner to ${role}`);
  t.is((await finding(db.sql, 'summary board')).status, 'fail');
  await db.sql(`grant usage on schema app to ${role}; grant select on app.scores to ${role}`);
  await db.sql(`select tally.create_summary('board', 'app.board', settle => '0')`);
  t.is((await finding(db.sql, 'summary board')).status, 'ok');
  await db.sql('drop function app.board(text)');
  const gone = await finding(db.sql, 'summary board');
  t.is(gone.status, 'fail');
  t.regex(gone.detail, /app\.board\(text\) is gone/);
  await db.sql(`revoke all on schema app from ${role}; drop owned by ${role}`);
});

test('a server may collect, build, read and be woken, and change nothing by hand', async (t) => {
  const db = await league(t);
  const role = await testRole(t, '');
  await db.sql(`grant tally_server to ${role}`);
  await db.sql(`insert into app.scores (league, player, points) values ('a', 'x', 1)`);
  const sql = sqlOf(await db.client());
  await sql(`set role ${role}`);
  for (const may of [
    'select tally.collect_marks()',
    'select tally.expand_due()',
    `select tally.build_topic('board', 'a')`,
    `select tally.read_summary('board', 'a')`,
    'select tally.await_marks()',
    'select tally.stop_awaiting_marks()',
    'select * from tally.summaries',
    'select * from tally.build_history',
    `select * from tally.read_topics('{board}', '{a}')`,
    'listen tally_work',
  ]) {
    await t.notThrowsAsync(sql(may), may);
  }
  for (const mayNot of [
    'select * from tally.documents',
    'update tally.documents set body = null',
    'select * from tally.marks',
    'insert into tally.marks (summary, scope) values (1, null)',
    'select * from tally.due',
    'delete from tally.announcements',
    'select * from tally.summary_definitions',
    'select tally.refresh()',
    `select tally.warm('board', '{a}')`,
    `select tally.drop_summary('board')`,
    `select tally.unwatch('board', 'app.scores')`,
    `select tally.run_builder('summary_board', 'a', null)`,
    `select tally.build_piece(1, 'a')`,
    `select tally.mark_all('app_scores')`,
    `select tally.build_functions('app.scores', 'mark')`,
    `select tally.drop_builder('summary_board')`,
  ]) {
    t.is((await failure(sql(mayNot), mayNot)).code, '42501', mayNot);
  }
});
