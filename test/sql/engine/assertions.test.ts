import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, finding, numbers } from '../../helpers/engine.js';
import { createInvitations, expireDue, invite, states } from '../../helpers/invitations.js';
import { documents, league, work } from './summaries/league.js';

test('no handler of OTHERS in the engine lets a failed ASSERT through', async (t) => {
  const { sql } = await testDatabase(t);
  const handlers = await sql<{ name: string; handler: string }>(
    `select p.proname as name, m[1] as handler from pg_proc p
     cross join regexp_matches(p.prosrc, '(\\mwhen [a-z_ ]*\\mothers\\M[a-z_ ]*\\mthen)', 'g') m
     where p.pronamespace = 'tally'::regnamespace`,
  );
  t.true(handlers.length > 20, String(handlers.length));
  t.deepEqual(
    handlers.filter(({ handler }) => !handler.includes('assert_failure')),
    [],
  );
});

test('a builder whose ASSERT fails harms no other document', async (t) => {
  const { sql } = await league(t);
  await sql(`create function app.sure(scope text) returns jsonb language plpgsql stable as
      $$ begin assert scope <> 'a', 'not a'; return to_jsonb(1); end $$;
    select tally.create_summary('sure', 'app.sure', settle => '0');
    select tally.watch('sure', 'app.scores', 'league')`);
  await sql(`insert into app.scores (league, player, points) values ('a', 'x', 1), ('b', 'x', 1)`);
  await work(sql);
  const built = await documents(sql);
  t.deepEqual(Object.keys(built).sort(), ['board:a', 'board:b', 'sure:b', 'totals']);
  t.deepEqual(await sql(`select scope, error from tally.summaries where error is not null`), [
    { scope: 'a', error: 'not a' },
  ]);
});

test('a row whose trigger fails an ASSERT is the only one that does not expire', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  const [first] = await invite(sql, [-3, -2, -1]);
  await sql(`create function calls.check_it() returns trigger language plpgsql as
      $$ begin assert new.id <> ${first}, 'not this one'; return new; end $$;
    create trigger check_it before update on calls.invitations
      for each row execute function calls.check_it()`);
  t.is(await expireDue(sql), 2);
  t.deepEqual(await states(sql), { expired: 2, pending: 1 });
  t.deepEqual(await sql('select error from tally.expiry_failures'), [{ error: 'not this one' }]);
});

test('a job whose ASSERT fails is recorded, and the next one runs', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create function public.unsure() returns void language plpgsql as
    $$ begin assert false, 'never'; end $$`);
  await sql(`insert into tally.jobs (name, command, every) values
    ('a', 'select public.unsure()', '1 hour'), ('b', 'select 1', '1 hour')`);
  await sql('select tally.run_due_jobs()');
  t.deepEqual(
    await sql(
      `select last_error, last_result from tally.jobs where name in ('a', 'b') order by name`,
    ),
    [
      { last_error: 'never', last_result: null },
      { last_error: null, last_result: '1' },
    ],
  );
});

test('an expression whose ASSERT fails on a row marks all its documents, and refuses a counted row', async (t) => {
  const { sql } = await league(t);
  await sql(`create function app.small(v int) returns text language plpgsql immutable as
      $$ begin assert v is distinct from 10, 'too large'; return v::text; end $$;
    select tally.create_summary('sized', 'app.board', settle => '0');
    select tally.watch('sized', 'app.scores', 'app.small(points)')`);
  await sql('delete from tally.marks');
  await sql(`insert into app.scores (league, points) values ('a', 10)`);
  t.deepEqual(
    await sql(`select m.scope from tally.marks m join tally.summary_definitions s on s.id = m.summary
      where s.name = 'sized'`),
    [{ scope: null }],
  );
  await sql(`create table app.sizes (v int);
    select tally.create_counter('sizes', 'app.sizes', scope => 'app.small(v)')`);
  const refused = await failure(sql('insert into app.sizes values (10)'));
  t.is(refused.message, 'too large');
  await sql('insert into app.sizes values (9)');
  t.deepEqual(await numbers(sql, 'sizes'), { 'sizes:9': 1 });
});

test('a counter whose recount fails an ASSERT is not filled, and the others are', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create function public.small(v int) returns text language plpgsql immutable as
      $$ begin assert v is distinct from 10, 'too large'; return v::text; end $$;
    create table public.sizes (v int);
    insert into public.sizes values (10);
    select tally.create_counter('asserting', 'public.sizes', scope => 'public.small(v)');
    select tally.create_counter('sizes', 'public.sizes')`);
  t.deepEqual(await sql('select tally.fill() as n'), [{ n: 1 }]);
  t.deepEqual(await numbers(sql, 'sizes'), { sizes: 1 });
  t.regex((await finding(sql, 'counter asserting'))?.detail ?? '', /too large/);
});
