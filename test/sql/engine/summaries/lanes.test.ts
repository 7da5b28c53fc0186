import test from 'ava';
import type { TestDatabase } from '../../../helpers/database.js';
import { type Sql, sqlOf } from '../../../helpers/engine.js';
import { until } from '../../../helpers/wait.js';
import { document, documents, GATED, league, waiters, work } from './league.js';

/** Sixty quick documents that read a table of their own and one that may be locked. */
const MANY = `create table app.many (k text, n int);
  create table app.other (n int);
  insert into app.other values (1);
  create function app.joined(scope text) returns jsonb language sql stable as $$
    select to_jsonb(m.n + (select o.n from app.other o)) from app.many m where m.k = scope $$;
  select tally.create_summary('joined', 'app.joined', settle => '0');
  select tally.watch('joined', 'app.many', 'k');
  insert into app.many select 's' || i, 1 from generate_series(1, 60) i`;

const insert = (into: string) =>
  `insert into app.scores (league, player, points) values ('${into}', 'x', 1)`;

async function locked(db: TestDatabase): Promise<Sql> {
  await db.sql(MANY);
  await db.sql(insert('a'));
  await work(db.sql);
  t60(await documents(db.sql));
  const holder = sqlOf(await db.client());
  await holder('begin');
  await holder('lock table app.other in access exclusive mode');
  return holder;
}

function t60(all: Record<string, unknown>): void {
  const n = Object.keys(all).filter((topic) => topic.startsWith('joined:')).length;
  if (n !== 60) throw new Error(`${n} documents, not 60`);
}

const COUNTS = `select count(*)::int as due, count(*) filter (where not is_slow)::int as quick
  from tally.due d join tally.summary_definitions s on s.id = d.summary where s.name = 'joined'`;

test('a locked table that many quick documents read delays no other summary’s document', async (t) => {
  const db = await league(t);
  const holder = await locked(db);
  await db.sql('update app.many set n = 2');
  await db.sql(insert('a'));
  const session = sqlOf(await db.client());
  await session(`set statement_timeout = '20s'`);
  await session('select tally.collect_marks(), tally.expand_due()');
  await session(`select tally.build_quick(clock_timestamp() + interval '1 minute')`);
  t.deepEqual((await document(db.sql, 'board', 'a'))?.body, [
    ['x', 1],
    ['x', 1],
  ]);
  // None of them has failed: each has its time where nobody waits behind it.
  t.deepEqual(await db.sql(COUNTS), [{ due: 60, quick: 0 }]);
  t.deepEqual(await db.sql('select from tally.documents where error is not null'), []);
  // What is marked meanwhile is not tried among the quick ones either.
  await db.sql(`insert into app.many values ('late', 1)`);
  await session('select tally.collect_marks()');
  await session(`select tally.build_quick(clock_timestamp() + interval '1 minute')`);
  t.deepEqual(await db.sql(COUNTS), [{ due: 61, quick: 0 }]);
  await holder('commit');
  t.is(await work(db.sql), 61);
  t.is((await document(db.sql, 'joined', 's1'))?.body, 3);
  t.deepEqual(await db.sql(COUNTS), [{ due: 0, quick: 0 }]);
});

test('one document that waited for a lock in vain puts off the others of its summary', async (t) => {
  const db = await league(t);
  const holder = await locked(db);
  await db.sql('update app.many set n = 2');
  await db.sql('select tally.collect_marks()');
  // Found out among the quick ones; then the first of them waits for two seconds, fails, and says so.
  await db.sql('select * from tally.work()');
  await db.sql('select * from tally.work()');
  t.is((await db.sql(`select from tally.documents where error ~ 'lock timeout'`)).length, 1);
  t.deepEqual(
    await db.sql(`select count(*)::int as n from tally.due where due_at <= clock_timestamp()`),
    [{ n: 0 }],
  );
  await holder('commit');
});

test('a quick document that is suddenly slow keeps the others of its summary from the quick ones', async (t) => {
  const db = await league(t);
  await db.sql(
    MANY.replace('select to_jsonb(', `select to_jsonb(length(pg_sleep(o.s)::text) + `)
      .replace('from app.many m', 'from app.many m, app.other o')
      .replace('app.other (n int)', 'app.other (n int, s float8)')
      .replace('values (1)', 'values (1, 0)'),
  );
  await work(db.sql);
  t60(await documents(db.sql));
  await db.sql('update app.other set s = 0.3; update app.many set n = 2');
  await db.sql(`select tally.collect_marks()`);
  const [row] = await db.sql<{ built: number }>(
    `select tally.build_quick(clock_timestamp() + interval '1 minute') as built`,
  );
  t.is(row?.built, 1);
  t.deepEqual(await db.sql(COUNTS), [{ due: 59, quick: 0 }]);
  // One that is quick again vouches for them.
  await db.sql('update app.other set s = 0');
  await work(db.sql);
  t.deepEqual(await db.sql(COUNTS), [{ due: 0, quick: 0 }]);
  t.is((await document(db.sql, 'joined', 's60'))?.body, 3);
});

test('the first document of a new summary does not wait for the slow ones that are due', async (t) => {
  const db = await league(t);
  await db.sql(`${MANY}`);
  await work(db.sql);
  await db.sql('update tally.documents set build_ms = 60000; update app.many set n = 2');
  await db.sql('select tally.collect_marks()');
  await db.sql(`select tally.create_summary('new', 'app.board', settle => '0');
    select tally.watch('new', 'app.scores', 'league')`);
  await db.sql(insert('a'));
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  // What the other summaries have due of that row stays out of it.
  await db.sql(`delete from tally.due d using tally.summary_definitions s
    where s.id = d.summary and s.name in ('board', 'totals')`);
  await db.sql('select * from tally.work()');
  t.deepEqual((await document(db.sql, 'new', 'a'))?.body, [['x', 1]]);
});

test('a summary whose slow builder says that there is nothing does not come first for ever', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.nothing(scope text) returns jsonb language plpgsql stable as
      $$ begin perform pg_sleep(0.3); return null; end $$;
    select tally.create_summary('nothing', 'app.nothing', settle => '0');
    select tally.watch('nothing', 'app.scores', 'league')`);
  await db.sql(['a', 'b', 'c'].map(insert).join(';'));
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  const id = `(select id from tally.summary_definitions where name = 'nothing')`;
  await db.sql(`delete from tally.due where summary <> ${id}`);
  await db.sql('select * from tally.work()');
  t.deepEqual(await db.sql(`select count(*)::int as n from tally.due where is_suspect`), [
    { n: 2 },
  ]);
  t.deepEqual(await db.sql(`select from tally.pick_unknown(clock_timestamp())`), []);
  t.is(await work(db.sql), 2);
});

test('nor does one of a single document, of which none is due when it has been built', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.nothing(scope text) returns jsonb language plpgsql stable as
      $$ begin perform pg_sleep(0.3); return null; end $$;
    select tally.create_summary('nothing', 'app.nothing', settle => '0');
    select tally.watch('nothing', 'app.scores')`);
  const mark = async () => {
    await db.sql(insert('a'));
    await db.sql('select tally.collect_marks(), tally.expand_due()');
    await db.sql(`delete from tally.due d using tally.summary_definitions s
      where s.id = d.summary and s.name <> 'nothing'`);
  };
  const unknown = () => db.sql('select scope from tally.pick_unknown(clock_timestamp())');
  await mark();
  t.deepEqual(await unknown(), [{ scope: '' }]);
  await db.sql('select * from tally.work()');
  await mark();
  t.deepEqual(await unknown(), []);
  t.is(await work(db.sql), 1);
});

/** Two hundred documents that have waited for long and, as far as is known, take a minute each. */
async function backlog(db: TestDatabase): Promise<void> {
  const leagues = Array.from({ length: 200 }, (_, i) => insert(`l${i}`)).join(';');
  await db.sql(leagues);
  await work(db.sql);
  await db.sql(`update tally.documents d set build_ms = 60000
    from tally.summary_definitions s where s.id = d.summary and s.name = 'board'`);
  await db.sql(leagues);
  await db.sql('select tally.collect_marks()');
  await db.sql(`update tally.due d
    set is_slow = true, due_at = due_at - interval '1 minute', due_since = due_since - interval '1 minute'
    from tally.summary_definitions s where s.id = d.summary and s.name = 'board'`);
}

/** How many of the backlog were built before nothing of `joined` is due. */
async function builtMeanwhile(db: TestDatabase): Promise<number> {
  for (;;) {
    const [row] = await db.sql<{ joined: number; board: number }>(
      `select count(*) filter (where s.name = 'joined')::int as joined,
         count(*) filter (where s.name = 'board')::int as board
       from tally.due d join tally.summary_definitions s on s.id = d.summary`,
    );
    if (row === undefined || row.joined === 0) return 200 - (row?.board ?? 0);
    await db.sql('select * from tally.work()');
  }
}

test('quick documents wait for no backlog of slow ones, with one session for all', async (t) => {
  const db = await league(t);
  await db.sql(MANY);
  await work(db.sql);
  await backlog(db);
  await db.sql('update app.many set n = 2');
  await db.sql('select tally.collect_marks()');
  t.true((await builtMeanwhile(db)) < 40);
  t.is((await document(db.sql, 'joined', 's1'))?.body, 3);
});

test('documents that waited for a lock do not wait for the backlog of another summary', async (t) => {
  const db = await league(t);
  const holder = await locked(db);
  await backlog(db);
  await db.sql('update app.many set n = 2');
  await db.sql('select tally.collect_marks()');
  await db.sql(`select tally.build_quick(clock_timestamp() + interval '1 minute')`);
  t.deepEqual(await db.sql(COUNTS), [{ due: 60, quick: 0 }]);
  await holder('commit');
  t.true((await builtMeanwhile(db)) < 40);
  t.is((await document(db.sql, 'joined', 's1'))?.body, 3);
});

/** Another summary, whose documents a transaction that stays open may keep. */
const KEPT = `create table app.rows (k int, n int);
  create function app.kept(scope text) returns jsonb language sql stable as $$
    select to_jsonb(r.n) from app.rows r where r.k = scope::int $$;
  create index on app.rows (k);
  insert into app.rows select i, 1 from generate_series(1, 900) i;
  select tally.create_summary('kept', 'app.kept', settle => '0');
  select tally.watch('kept', 'app.rows', 'k')`;

/** All that is due of that summary has been for longer than the board of league a. */
async function keptAndDue(db: TestDatabase, hold: string, buildMs = 1): Promise<Sql> {
  await db.sql(KEPT);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql(`select tally.refresh('kept')`);
  await db.sql('update tally.documents set build_ms = $1', [buildMs]);
  const holder = sqlOf(await db.client());
  await holder('begin');
  await holder(hold);
  await db.sql('update app.rows set n = 2');
  await db.sql('select tally.collect_marks()');
  await db.sql(insert('a'));
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  return holder;
}

const BOARD_OF_TWO = [
  ['x', 1],
  ['x', 1],
];

const EACH_OF_THEM = `do $$ begin for n in 1 .. 900 loop
  perform tally.refresh('kept', n::text); end loop; end $$`;

for (const [how, hold] of [
  ['refreshed a whole summary', `select tally.refresh('kept')`],
  ['built hundreds of documents one by one', EACH_OF_THEM],
] as const) {
  test(`an open transaction that ${how} holds up its own quick documents only`, async (t) => {
    const db = await league(t);
    const holder = await keptAndDue(db, hold);
    await work(db.sql);
    t.deepEqual((await document(db.sql, 'board', 'a'))?.body, BOARD_OF_TWO);
    await db.sql(`insert into app.rows values (1000, 1)`);
    await work(db.sql);
    // Of the summary that is kept as a whole this one waits, too.
    t.is((await document(db.sql, 'kept', '1000'))?.body, hold === EACH_OF_THEM ? 1 : undefined);
    await holder('commit');
    await work(db.sql);
    t.deepEqual(
      await db.sql(
        `select distinct body from tally.summaries where name = 'kept' and scope <> '1000'`,
      ),
      [{ body: 2 }],
    );
    t.deepEqual(await db.sql('select from tally.due'), []);
  });

  test(`an open transaction that ${how} holds up its own slow documents only`, async (t) => {
    const db = await league(t);
    const holder = await keptAndDue(db, hold, 1000);
    await work(db.sql);
    t.deepEqual((await document(db.sql, 'board', 'a'))?.body, BOARD_OF_TWO);
    await holder('commit');
  });
}

test('a hundred thousand due documents that a transaction keeps are passed over unread', async (t) => {
  const db = await league(t);
  await keptAndDue(db, `select tally.refresh('kept')`);
  await db.sql(`insert into tally.due (summary, scope, due_since, due_at, is_slow)
    select s.id, 'n' || n, now() - interval '1 hour', now() - interval '1 hour', false
    from tally.summary_definitions s, generate_series(1, 100000) n where s.name = 'kept'`);
  const session = sqlOf(await db.client());
  await session('begin');
  const read = `select idx_tup_fetch::int + seq_tup_read::int as n
    from pg_stat_xact_user_tables where relid = 'tally.due'::regclass`;
  const [before] = await session<{ n: number }>(read);
  await session(`select tally.build_quick(clock_timestamp() + interval '1 minute')`);
  const [after] = await session<{ n: number }>(read);
  await session('commit');
  t.deepEqual((await document(db.sql, 'board', 'a'))?.body, BOARD_OF_TWO);
  const looked = (after?.n ?? 0) - (before?.n ?? 0);
  t.true(looked < 5000, `${looked}`);
});

/** As if each look at what is quick were followed by another session that builds one of them. */
const OVERTAKEN = `create or replace function tally.pick_due(
    slow boolean, before timestamptz, most integer
  ) returns table (summary bigint, scope text) language sql as $$
    select d.summary, d.scope from tally.due d where slow and d.is_slow and d.scope is not null
    union all
    select s.id, 'quick' from tally.summary_definitions s where not slow and s.name = 'gated' $$`;

test('who finds a document built by another keeps nobody from it while he builds what takes long', async (t) => {
  const db = await league(t);
  await db.sql(GATED);
  await db.sql(insert('quick'));
  await db.sql(insert('slow'));
  await work(db.sql);
  await db.sql(
    `update tally.documents set build_ms = case scope when 'slow' then 60000 else 1 end`,
  );
  const [pickDue] = await db.sql<{ text: string }>(
    `select pg_get_functiondef('tally.pick_due(boolean, timestamptz, integer)'::regprocedure) as text`,
  );
  await db.sql(OVERTAKEN);
  const gate = sqlOf(await db.client());
  await gate('select pg_advisory_lock(4711)');
  await db.sql(insert('slow'));
  const overtaken = sqlOf(await db.client());
  await overtaken('select tally.attend(), tally.collect_marks()');
  await overtaken(`set statement_timeout = '5s'`);
  await overtaken('begin');
  t.is((await overtaken<{ built: number }>('select tally.build_due(now()) as built'))[0]?.built, 0);
  const held = await db.sql(`select from tally.summary_definitions s
    where s.name = 'gated' and tally.is_held(tally.document_key(s.id, 'quick'))`);
  t.deepEqual(held, [], 'what the same transaction begins may take minutes');
  await overtaken('rollback');
  await db.sql(pickDue?.text ?? '');
  await overtaken('set statement_timeout = 0');
  const slow = overtaken('select tally.build_slow(clock_timestamp())');
  t.teardown(() => gate('select pg_advisory_unlock_all()'));
  await until(async () => (await waiters(db.sql)) > 0, { what: 'a slow build' });
  await db.sql(insert('quick'));
  await db.sql('select tally.collect_marks()');
  t.true((await work(db.sql)) > 0);
  t.is((await document(db.sql, 'gated', 'quick'))?.body, 2);
  await gate('select pg_advisory_unlock(4711)');
  await slow;
});

test('whoever finds a document in another session’s hands keeps no lock of its summary', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await work(db.sql);
  await db.sql(insert('a'));
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  await db.sql(`delete from tally.due where scope <> 'a'`);
  const [here, there] = [sqlOf(await db.client()), sqlOf(await db.client())];
  await here('begin');
  t.deepEqual(await here('select tally.build_piece(d.summary, d.scope) as how from tally.due d'), [
    { how: 'changed' },
  ]);
  await there('begin');
  await there(`select tally.build_quick(clock_timestamp() + interval '1 minute')`);
  t.deepEqual(
    await there(`select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`),
    [],
  );
});
