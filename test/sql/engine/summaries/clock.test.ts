import test from 'ava';
import { finding, numbers } from '../../../helpers/engine.js';
import { document, documents, league, work } from './league.js';

const insert = (into: string) =>
  `insert into app.scores (league, player, points) values ('${into}', 'x', 1)`;

const FUTURE = `clock_timestamp() + interval '1 year'`;

test('a document that was built before the clock was put back is too old, and is built', async (t) => {
  const db = await league(t);
  await db.sql(`select tally.create_summary('aged', 'app.totals', max_age => '1 hour');
    select tally.warm('aged', '{"", other}')`);
  await db.sql(insert('a'));
  await db.sql(`update tally.documents set built_at = ${FUTURE}, tried_at = ${FUTURE},
    next_at = next_at + interval '1 year'`);
  t.deepEqual(await db.sql(`select tally.read_summary('aged') ->> 'points' as points`), [
    { points: '1' },
  ]);
  t.deepEqual(await db.sql(`select state from tally.document_states where scope = 'other'`), [
    { state: 'due' },
  ]);
  t.not((await document(db.sql, 'aged', 'other'))?.due_since, null);
  const { status, detail } = await finding(db.sql, 'clock');
  t.is(status, 'warn');
  t.regex(detail, /^the clock was put back: tally\.documents has a row of .* later than now\(\)$/);

  const [row] = await db.sql<{ due: boolean }>(
    `select tally.next_work() <= clock_timestamp() as due`,
  );
  t.true(row?.due);
  await work(db.sql);
  t.deepEqual((await document(db.sql, 'aged', 'other'))?.body, { players: 1, points: 1 });
  t.deepEqual(
    await db.sql(`select from tally.documents where greatest(built_at, tried_at) > now()
      or next_at > now() + interval '1 hour'`),
    [],
  );
  t.is((await finding(db.sql, 'clock')).status, 'ok');
  t.is(await work(db.sql), 0);
});

test('marks, due documents and failed builds of the future do not wait for the clock', async (t) => {
  const db = await league(t, { settle: '1 minute' });
  await db.sql(`create function app.failing(scope text) returns jsonb language plpgsql as $$
      begin
        if exists (select from app.scores where league = 'heal') then return '1'; end if;
        raise 'not yet';
      end $$;
    select tally.create_summary('failing', 'app.failing')`);
  await db.sql(`select tally.warm('failing', '{""}')`);
  await db.sql(insert('a'));
  await db.sql(`update tally.marks set marked_at = ${FUTURE}`);
  t.is((await finding(db.sql, 'clock')).status, 'warn');
  await db.sql('select tally.collect_marks(), tally.expand_due()');
  const late = await db.sql(`select from tally.due where due_at > now() + interval '2 minutes'`);
  t.deepEqual(late, []);

  await db.sql(`update tally.due set due_since = ${FUTURE}, due_at = ${FUTURE}`);
  await db.sql(`update tally.documents set tried_at = ${FUTURE}, next_at = ${FUTURE}`);
  await db.sql(insert('heal'));
  await db.sql(`delete from tally.marks`);
  t.is((await finding(db.sql, 'clock')).status, 'warn');
  await work(db.sql);
  t.deepEqual(await documents(db.sql), {
    'board:a': [['x', 1]],
    // Its mark is gone, and it is found in the rows: nobody knows what was marked meanwhile.
    'board:heal': [['x', 1]],
    failing: 1,
    totals: { players: 2, points: 2 },
  });
});

test('a document that was never built is not taken for one when the clock was put back', async (t) => {
  const db = await league(t);
  await db.sql(`create function app.failing(scope text) returns jsonb language plpgsql as
      $$ begin raise 'not yet'; end $$;
    select tally.create_summary('failing', 'app.failing')`);
  await db.sql(`select tally.warm('failing', '{""}')`);
  await db.sql(`update tally.documents set tried_at = ${FUTURE} where error is not null`);
  await db.sql('select tally.collect_marks()');
  t.deepEqual(
    await db.sql(`select built_at, tried_at <= now() as is_heeded from tally.documents
      where error is not null`),
    [{ built_at: null, is_heeded: true }],
  );
});

test('a counter that was declared, or failed, in the future is filled now', async (t) => {
  const db = await league(t);
  await db.sql(insert('a'));
  await db.sql(`select tally.create_counter('players', 'app.scores')`);
  await db.sql(`update tally.definitions set created_at = ${FUTURE}, fill_again_at = ${FUTURE}`);
  await work(db.sql);
  t.deepEqual(await numbers(db.sql), { players: 1 });
});
