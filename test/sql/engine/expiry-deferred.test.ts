import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, numberOf, type Sql, sqlOf } from '../../helpers/engine.js';

/** A table with a constraint that is checked at the commit, and rules of both kinds. */
async function createRules(sql: Sql): Promise<void> {
  await sql(`create table public.users (id int primary key);
    create table public.offers (id int primary key, at timestamptz, open boolean default true,
      by int references public.users deferrable initially deferred);
    create table public.other (id int, user_id int references public.users
      deferrable initially deferred);
    insert into public.users values (1);
    select tally.create_expiry('offers', 'public.offers', 'at', 'open', 'open = false, by = id');
    select tally.create_retention('offers', 'public.offers', 'at', '30 days');
    insert into public.offers (id, at) values (1, now() - interval '1 day')`);
}

test('expiry and retention leave the constraints of other tables to whoever began the transaction', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createRules(sql);
  const session = sqlOf(await client());
  await session('begin; insert into public.other values (1, 7)');
  t.deepEqual(await session('select tally.expire_due()::int as n'), [{ n: 1 }]);
  await session(`insert into public.offers (id, at) values (2, now() - interval '1 year')`);
  t.deepEqual(await session('select rows::int from tally.clean_up()'), [{ rows: 1 }]);
  await session(`insert into public.offers values (3, now(), false, 7)`);
  await session('insert into public.users values (7); commit');
  t.deepEqual(await sql('select error from tally.expiries'), [{ error: null }]);
});

test('a row that would break a constraint at the commit is left aside', async (t) => {
  const { sql } = await testDatabase(t);
  await createRules(sql);
  await sql(`insert into public.offers (id, at) values (9, now() - interval '1 day')`);
  t.deepEqual(await sql('select tally.expire_due()::int as n'), [{ n: 1 }]);
  t.deepEqual(await sql('select id from public.offers where open'), [{ id: 9 }]);
  t.is((await sql('select from tally.expiry_failures')).length, 1);
});

const RINGS = `set statement_timeout = '10s'`;

test('whoever has constraints checked at once around a document stops no pulse', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.t (id int);
    select tally.create_counter('rows', 'public.t');
    create function public.build(scope text) returns jsonb language sql
      as $$ select to_jsonb(count(*)) from public.t $$;
    grant execute on function public.build(text) to tally_owner;
    select tally.create_summary('doc', 'public.build')`);
  const [session, pulsing] = [sqlOf(await client()), sqlOf(await client())];
  await pulsing(RINGS);
  const statements = [
    'begin; set constraints all immediate',
    `select tally.refresh('doc', '')`,
    'set constraints all immediate',
    `select tally.refresh('doc', 'a')`,
  ];
  for (const statement of statements) {
    await session(statement);
    await sql('insert into public.t values (1)');
    t.deepEqual(await pulsing('select folded from tally.pulse()'), [{ folded: 1 }], statement);
  }
  const [before] = await sql<{ pulse: string }>('select max(pulse) as pulse from tally.pulses');
  await session('commit');
  t.deepEqual(
    await sql(
      `select scope, version - $1 as later from tally.summaries where name = 'doc' order by scope`,
      [before?.pulse],
    ),
    [
      { scope: '', later: '1' },
      { scope: 'a', later: '1' },
    ],
  );
  t.deepEqual(await sql('select from tally.announcements'), []);
  await sql(`insert into public.t values (1); select tally.refresh('doc', '')`);
  t.deepEqual(await sql('select from tally.announcements'), []);
  t.is((await sql(`select from tally.summaries where version > $1`, [before?.pulse])).length, 2);
});

test('whoever has constraints checked at once after a write stops no pulse', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.t (id int); select tally.create_counter('rows', 'public.t')`);
  const [session, pulsing] = [sqlOf(await client()), sqlOf(await client())];
  await pulsing(RINGS);
  await session(`begin; insert into public.t values (1);
    insert into tally.fold_requests default values`);
  await session('set constraints all immediate');
  await sql('insert into public.t values (2)');
  t.deepEqual(await pulsing('select folded from tally.pulse()'), [{ folded: 1 }]);
  await session('commit');
  t.deepEqual(await sql('select from tally.fold_requests'), []);
  t.deepEqual(await sql('select from tally.deltas'), []);
  t.is(await numberOf(sql, 'rows'), 2);
});

test('a row of a partitioned table that is set back after its change stops the rule', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (id int, at timestamptz, open boolean) partition by list (id);
    create table public.p_1 partition of public.p for values in (1);
    create table public.p_2 partition of public.p for values in (2);
    create function public.back() returns trigger language plpgsql as $$
      begin update public.p set open = true where id = new.id and not open; return null; end $$;
    select tally.create_expiry('p', 'public.p', 'at', 'open', 'open = false');
    create trigger back after insert or update on public.p for each row
      when (pg_trigger_depth() = 0) execute function public.back();
    insert into public.p values (2, now() - interval '1 s', true)`);
  await sql('select tally.expire_due()');
  t.deepEqual(await sql('select stopped, error ~ $1 as why from tally.expiries', ['due again']), [
    { stopped: true, why: true },
  ]);
  t.deepEqual(await sql('select open from public.p'), [{ open: true }]);
  await failure(sql('select currtid2($1, $2)', ['public.p', '(0,1)']), 'a look at the root');
});
