import test from 'ava';
import { type TestDatabase, testDatabase, testRole } from '../../../helpers/database.js';
import { sqlOf } from '../../../helpers/engine.js';

const TELLING = `
  create schema app;
  create function app.telling(scope text) returns jsonb language sql stable as $$
    select jsonb_build_object(
      'moment', timestamptz '2024-02-29 23:30:00+00', 'day', (date '2024-02-01')::text,
      'span', (interval '-1 day +2 hours')::text, 'share', (0.1::float8 + 0.2)::text,
      'raw', ('\\x6100'::bytea)::text, 'money', to_char(1234.5, 'L9G999D9'),
      'words', to_tsvector('the cats')::text, 'midnight', date_trunc('day', now())::time)
  $$;
  select tally.create_summary('telling', 'app.telling')`;

const SESSIONS: readonly Readonly<Record<string, string>>[] = [
  { timezone: 'Asia/Tokyo', datestyle: 'SQL, DMY', default_text_search_config: 'simple' },
  { timezone: 'America/New_York', datestyle: 'German', intervalstyle: 'sql_standard' },
  { timezone: 'Asia/Kathmandu', datestyle: 'Postgres, MDY', intervalstyle: 'iso_8601' },
  { extra_float_digits: '-10', bytea_output: 'escape', row_security: 'off' },
];

async function sessionWith(db: TestDatabase, settings: Readonly<Record<string, string>>) {
  const client = await db.client();
  for (const [name, value] of Object.entries(settings)) {
    await client.query('select set_config($1, $2, false)', [name, value]);
  }
  return sqlOf(client);
}

test('a document is the same whatever the settings of the session that builds it', async (t) => {
  const role = await testRole(t, 'nologin');
  const db = await testDatabase(t);
  await db.sql(`${TELLING};
    create table app.mine (id int); insert into app.mine values (1), (2);
    grant usage on schema app to ${role};
    alter table app.mine owner to ${role};
    alter table app.mine enable row level security;
    alter table app.mine force row level security;
    create policy odd on app.mine using (id % 2 = 1);
    create function app.seen(scope text) returns jsonb language sql stable
      begin atomic select to_jsonb(count(*)) from app.mine; end;
    alter function app.seen(text) owner to ${role};
    select tally.create_summary('seen', 'app.seen')`);
  const bodies = new Set<string>();
  for (const settings of SESSIONS) {
    const session = await sessionWith(db, settings);
    await session(`select tally.refresh('telling', '')`);
    const rows = await db.sql<{ body: string }>(
      `select body::text as body from tally.summaries where name = 'telling'`,
    );
    for (const { body } of rows) bodies.add(body);
    t.deepEqual(await session(`select tally.read_summary('telling', 'x') ->> 'raw' as raw`), [
      { raw: '\\x6100' },
    ]);
    await session(`select tally.refresh('seen', '')`);
    t.deepEqual(await db.sql(`select body, error from tally.summaries where name = 'seen'`), [
      { body: 1, error: null },
    ]);
  }
  t.is(bodies.size, 1);
  const { moment, midnight, words } = JSON.parse([...bodies][0] ?? '{}') as Record<string, string>;
  t.is(moment, '2024-02-29T23:30:00+00:00');
  t.is(midnight, '00:00:00');
  t.is(words, `'cat':2`);
});

test('what a builder sets, sends or locks for its session is gone when it ends', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create schema app;
    create function app.rude(scope text) returns jsonb language plpgsql volatile as $$
    begin
      perform set_config('timezone', 'Asia/Tokyo', false), set_config('app.tenant', 'b', false),
              set_config('statement_timeout', '1', false), pg_notify('rude', scope),
              pg_advisory_xact_lock(4712);
      return to_jsonb(current_setting('timezone'));
    end $$;
    select tally.create_summary('rude', 'app.rude')`);
  const client = await db.client();
  const heard: string[] = [];
  client.on('notification', ({ channel }) => heard.push(channel));
  const session = sqlOf(client);
  await session(`listen rude`);
  await session(`set timezone = 'Europe/Berlin'; set app.tenant = 'a'`);
  await session('begin');
  const built = await session(`select tally.read_summary('rude', 'x') as body`);
  t.deepEqual(built, [{ body: 'Asia/Tokyo' }]);
  const held = await session(`select from pg_locks where pid = pg_backend_pid() and objid = 4712`);
  t.deepEqual(held, []);
  await session('commit');
  t.deepEqual(
    await session(`select current_setting('timezone') as zone, current_setting('app.tenant') as
      tenant, current_setting('statement_timeout') as timeout`),
    [{ zone: 'Europe/Berlin', tenant: 'a', timeout: '0' }],
  );
  t.deepEqual(heard, []);
});
