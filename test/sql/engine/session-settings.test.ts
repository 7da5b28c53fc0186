import test from 'ava';
import type pg from 'pg';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { isExact, numbers, type Sql, sqlOf } from '../../helpers/engine.js';

type Settings = Readonly<Record<string, string>>;

async function sessionWith(db: TestDatabase, settings: Settings): Promise<pg.Client> {
  const client = await db.client();
  for (const [name, value] of Object.entries(settings)) {
    await client.query('select set_config($1, $2, false)', [name, value]);
  }
  return client;
}

const SESSIONS: readonly Settings[] = [
  { timezone: 'UTC', datestyle: 'ISO, YMD' },
  { timezone: 'Asia/Tokyo', datestyle: 'SQL, DMY' },
  { timezone: 'America/New_York', datestyle: 'German', intervalstyle: 'sql_standard' },
  { timezone: 'Asia/Kathmandu', datestyle: 'Postgres, MDY', intervalstyle: 'iso_8601' },
  { extra_float_digits: '-10', bytea_output: 'escape', default_text_search_config: 'simple' },
];

const SCOPES: Readonly<Record<string, string>> = {
  day: 'day',
  moment: 'moment',
  day_of_moment: 'moment::date',
  hour: `date_trunc('hour', moment)`,
  spelled: `to_char(moment, 'YYYY-MM-DD HH24 TZ')`,
  span: 'span',
  share: 'share',
  share_small: 'share::real',
  raw: 'raw',
  both: `day || '/' || share`,
  listed: `concat_ws('/', day, moment, span, share, raw)`,
  built: `jsonb_build_object('at', moment, 'raw', raw)`,
  numbers: 'numbers',
  deep: `doc ->> 'kind'`,
  range: 'tstzrange(moment, null)',
};

test('a row counts into the same scope whatever the settings of the session', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int, day date, moment timestamptz, span interval,
    share double precision, raw bytea, numbers int[], doc jsonb)`);
  for (const [name, scope] of Object.entries(SCOPES)) {
    await db.sql(`select tally.create_counter($1, 'public.t', scope => $2)`, [name, scope]);
  }
  const sessions = await Promise.all(SESSIONS.map((settings) => sessionWith(db, settings)));
  for (const client of sessions) {
    await client.query(
      `insert into public.t values (1, date '2024-02-01', timestamptz '2024-02-29 23:30:00+00',
        interval '-1 day +2 hours', 0.1::float8 + 0.2, $1, '{1,2}', '{"kind": "x"}')`,
      [Buffer.from('a\\\u0000')],
    );
  }
  const scopes = await db.sql<{ name: string; scopes: number; value: number }>(
    'select name, count(*)::int as scopes, sum(value)::int as value from tally.counters group by name',
  );
  t.is(scopes.length, Object.keys(SCOPES).length);
  for (const { name, scopes: found, value } of scopes) t.deepEqual([found, value], [1, 5], name);
  for (const client of sessions) await isExact(t, sqlOf(client));

  for (const client of sessions.reverse()) {
    await client.query('update public.t set id = id + 1');
    await client.query('delete from public.t where ctid = (select min(ctid) from public.t)');
  }
  const left = await db.sql('select name, scope, value from tally.counters where value <> 0');
  t.deepEqual(left, []);
});

test('a date in a filter means what it meant to whoever declared it', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (day date, moment timestamptz, span interval)');
  const dba = await sessionWith(db, {
    datestyle: 'SQL, DMY',
    timezone: 'Asia/Tokyo',
    intervalstyle: 'sql_standard',
  });
  await dba.query(`select tally.create_counter('first', 'public.t', $$day = '01/02/2024'$$)`);
  await dba.query(
    `select tally.create_counter('late', 'public.t', $$moment >= '01/02/2024 00:00:00'$$)`,
  );
  await dba.query(`select tally.create_counter('long', 'public.t', $$span > '-1 -2:00:00'$$)`);
  for (const settings of SESSIONS) {
    const writer = await sessionWith(db, settings);
    await writer.query(`insert into public.t values
      (date '2024-02-01', timestamptz '2024-01-31 15:00:00+00', interval '-25 hours'),
      (date '2024-01-02', timestamptz '2024-01-31 14:59:59+00', interval '-27 hours')`);
    await t.notThrowsAsync(isExact(t, sqlOf(writer)), JSON.stringify(settings));
  }
  t.deepEqual(await numbers(db.sql), { first: 5, late: 5, long: 5 });
});

test('a search for words counts alike in sessions of different languages, or is refused', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (body text)');
  const create = (filter: string) =>
    db.sql(`select tally.create_counter('c', 'public.t', $1)`, [filter]);
  try {
    await create(`to_tsvector(body) @@ 'run'::tsquery`);
  } catch {
    await create(`to_tsvector('english', body) @@ 'run'::tsquery`);
  }
  const [english, simple] = await Promise.all([
    sessionWith(db, { default_text_search_config: 'english' }),
    sessionWith(db, { default_text_search_config: 'simple' }),
  ]);
  await english.query(`insert into public.t values ('running')`);
  await simple.query('delete from public.t');
  t.deepEqual(await numbers(db.sql), { c: 0 });
});

/** PostgreSQL calls each of these immutable; alone on its table, nothing else has settings pinned. */
const SHOWN: Readonly<Record<string, { filter?: string; scope?: string }>> = {
  float: { scope: 'share' },
  point: { scope: 'place' },
  listed: { scope: 'shares' },
  joined: { scope: `kind || share` },
  generated: { scope: 'quote_ident(kind)' },
  formatted: { scope: `format('%I', kind)` },
  element: { scope: 'xmlelement(name raw, raw)' },
  like: { filter: `share::text like '0.3000%'` },
  back: { filter: 'share::text::numeric > 0.3' },
};

/** Trigger functions that the doctor takes for edited. */
const edited = (sql: Sql): Promise<unknown[]> =>
  sql(`select * from tally.doctor() where "check" like 'trigger functions%' and status <> 'ok'`);

test('what PostgreSQL calls immutable counts alike under all settings too', async (t) => {
  const db = await testDatabase(t);
  for (const [name, { filter = null, scope = null }] of Object.entries(SHOWN)) {
    await db.sql(`create table public.${name}
      (share double precision, place point, shares real[], kind text, raw bytea)`);
    await db.sql(`select tally.create_counter($1, ('public.' || $1)::regclass, $2, $3)`, [
      name,
      filter,
      scope,
    ]);
  }
  const sessions = [
    await sessionWith(db, {}),
    await sessionWith(db, {
      extra_float_digits: '0',
      quote_all_identifiers: 'on',
      xmlbinary: 'hex',
    }),
  ];
  for (const client of sessions) {
    for (const name of Object.keys(SHOWN)) {
      await client.query(`insert into public.${name} values
        (0.1::float8 + 0.2, point(0.1::float8 + 0.2, 0), '{0.1234567}', 'a', 'abc')`);
    }
  }
  for (const client of sessions) {
    await isExact(t, sqlOf(client));
    t.deepEqual(await edited(sqlOf(client)), []);
  }
  const found = await db.sql<{ name: string; value: number }>(
    'select name, value::int from tally.counters order by name collate "C"',
  );
  const names = Object.keys(SHOWN).sort();
  t.deepEqual(
    found,
    names.map((name) => ({ name, value: 2 })),
  );
});

test('a counter declared under quote_all_identifiers is as generated in every session', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, kind text)');
  const quoting = await sessionWith(db, { quote_all_identifiers: 'on' });
  await quoting.query(`select tally.create_counter('c', 'public.t', 'id > 0', 'id')`);
  await quoting.query('reset quote_all_identifiers');
  t.deepEqual(await edited(db.sql), []);
  await db.sql(`select tally.create_counter('c', 'public.t', 'id>0', '(id)')`);
});

test('sums and filters of floats pin no settings', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, share double precision)');
  await db.sql(`select tally.create_counter('c', 'public.t', 'share > 0.5', 'id', 'share * 2')`);
  t.deepEqual(await db.sql('select by_settings from tally.definitions'), [{ by_settings: 0 }]);
});

/** E'…', and the lines that it goes on in. */
const ESCAPING = /\bE'(?:[^'\\]|\\.|'')*'(?:\s*\n\s*'(?:[^'\\]|\\.|'')*')*/gi;

test('no function of ours reads its own words by standard_conforming_strings', async (t) => {
  const db = await testDatabase(t);
  const functions = await db.sql<{ name: string; text: string }>(
    `select p.proname::text as name, pg_get_functiondef(p.oid) as text from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and p.prokind in ('f', 'p')`,
  );
  const depending = functions.filter(({ text }) => {
    const words = text.replaceAll(/--.*/g, '').replaceAll(ESCAPING, '');
    return words.includes('\\') && !/set standard_conforming_strings to 'on'/i.test(text);
  });
  t.deepEqual(
    depending.map(({ name }) => name),
    [],
  );
});

test('the doctor answers where a backslash in a string is an escape', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.log (at timestamptz) partition by range (at)');
  await db.sql(`select tally.ensure_partitions('public.log', '1 month')`);
  await db.sql(`select tally.create_retention('old', 'public.log', 'at', '1 year')`);
  const old = await sessionWith(db, { standard_conforming_strings: 'off' });
  await t.notThrowsAsync(old.query('select * from tally.doctor()'));
  await t.notThrowsAsync(old.query('select * from tally.clean_up()'));
});

/**
 * What the first session sets is what all of them have; the others have it otherwise. Each on a table
 * of its own: a counter beside it that has settings pinned would pin them for both.
 */
const OTHERWISE: readonly Settings[] = [
  {
    timezone: 'America/New_York',
    datestyle: 'SQL, DMY',
    intervalstyle: 'sql_standard',
    bytea_output: 'escape',
    xmlbinary: 'hex',
    extra_float_digits: '-10',
    quote_all_identifiers: 'on',
  },
  {
    timezone_abbreviations: 'India',
    default_text_search_config: 'simple',
    datestyle: 'German',
    timezone: 'Asia/Kathmandu',
  },
  { default_text_search_config: 'english' },
];

const WRAPPERS = `
  create schema app;
  create function app.day(text) returns date immutable language sql as 'select $1::date';
  create function app.spelled(timestamptz) returns text immutable language sql
    as $$select to_char($1, 'YYYY-MM-DD HH24:MI')$$;
  create function app.said(interval) returns text immutable language plpgsql
    as 'begin return $1::text; end';
  create function app.said(date) returns text immutable language sql as 'select $1::text';
  create function app.there(timestamptz) returns text immutable language sql
    as $$select ($1 at time zone 'IST')::text$$;
  create function app.words(text) returns tsvector immutable language sql as 'select to_tsvector($1)';
  create function app.same(text, interval) returns boolean immutable language sql
    as 'select $1 = $2::text';
  create operator app.=== (function = app.same, leftarg = text, rightarg = interval);
  create type app.raw as (h bytea);
  create domain app.digest as bytea;
  create domain app.digests as app.digest`;

const DRIFTING: Readonly<Record<string, { filter?: string; scope?: string; amount?: string }>> = {
  bytea: { scope: 'h' },
  bytea_domain: { scope: 'h::app.digest::app.digests' },
  bytea_element: { scope: '(array[h])[1]' },
  bytea_like: { filter: `h::text like '%x61%'` },
  bytea_row: { scope: 'row(h)::app.raw' },
  age: { filter: 'extract(day from age(b, a)) = 1' },
  age_more: { amount: 'extract(day from age(b, a))' },
  wrapped_day: { scope: 'extract(month from app.day(k))' },
  wrapped_moment: { scope: 'app.spelled(a)' },
  wrapped_span: { scope: 'app.said(b - a)' },
  wrapped_date: { scope: 'app.said(d)' },
  wrapped_zone: { scope: 'app.there(a)' },
  wrapped_words: { filter: `app.words(k || ' running') @@ 'run'::tsquery` },
  wrapped_operator: { filter: `'1 day 00:30:00' operator(app.===) (b - a)` },
  abbreviation: { scope: `a at time zone 'IST'` },
  abbreviation_called: { filter: `extract(hour from timezone(zone, a)) < 16` },
  abbreviation_of_day: { scope: `date_trunc('day', a, zone)` },
  abbreviation_beside: { scope: `(a at time zone 'UTC')::text || (a at time zone zone)::text` },
  greatest: { scope: `greatest(h, '\\x00')` },
};

test('what an expression calls, and what that looks at, counts alike under all settings', async (t) => {
  const db = await testDatabase(t);
  await db.sql(WRAPPERS);
  for (const [name, { filter = null, scope = null, amount = null }] of Object.entries(DRIFTING)) {
    await db.sql(`create table public.${name} (id int, h bytea, a timestamptz, b timestamptz, d date,
      k text, zone text)`);
    await db.sql(`select tally.create_counter($1, ('public.' || $1)::regclass, $2, $3, $4)`, [
      name,
      filter,
      scope,
      amount,
    ]);
  }
  const sessions = await Promise.all(
    [{}, ...OTHERWISE].map((settings) => sessionWith(db, settings)),
  );
  for (const client of sessions) {
    for (const name of Object.keys(DRIFTING)) {
      await client.query(
        `insert into public.${name} values (1, '\\x61', '2024-11-02 12:00+00', '2024-11-03 12:30+00',
           '2024-02-01', '01/02/03', 'IST')`,
      );
    }
  }
  const names = Object.keys(DRIFTING).sort();
  for (const client of sessions) await isExact(t, sqlOf(client));
  t.deepEqual(await edited(db.sql), []);
  for (const client of sessions.reverse()) {
    for (const name of names) {
      await client.query(
        `delete from public.${name} where ctid = (select min(ctid) from public.${name})`,
      );
    }
  }
  t.deepEqual(await db.sql('select name, scope from tally.counters where value <> 0'), []);
});

/** How much each may depend on settings: a writer waits for what is pinned. */
const DEPENDING: readonly (readonly [expression: string, bySettings: 0 | 1 | 2])[] = [
  ['id', 0],
  ['who', 0],
  [`id || '/' || who`, 0],
  [`upper(left(k, 3)) || coalesce(code, 'x')`, 0],
  [`case when k in ('a', 'b') then k else 'other' end`, 0],
  [`doc ->> 'kind'`, 0],
  [`(doc -> 'n')::int % 10`, 0],
  ['amount::numeric(10, 2)', 0],
  ['moment is null', 0],
  [`moment >= '2024-01-01'`, 0],
  [`day between '2024-01-01' and '2024-12-31'`, 0],
  ['extract(year from day) > 2000', 0],
  ['share > 0.5', 0],
  [`encode(h, 'hex')`, 0],
  ['md5(h)', 0],
  ['address', 0],
  ['day', 1],
  ['mood', 1],
  ['h', 1],
  ['shares', 1],
  ['share', 1],
  ['day + span', 1],
  [`price > '12.50'`, 1],
  [`moment at time zone 'UTC'`, 1],
  [`to_char(moment at time zone 'Europe/Berlin', 'YYYY-MM')`, 1],
  [`moment at time zone 'CET'`, 2],
  ['app.mine(id)', 2],
];

test('what certainly depends on no setting has none pinned', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create schema app;
    create function app.mine(int) returns int immutable language sql as 'select $1';
    create type app.mood as enum ('good');
    create table public.t (id int, who uuid, k text, code varchar(9), doc jsonb, amount numeric,
      moment timestamptz, day date, share float8, h bytea, address inet, mood app.mood,
      numbers int[], shares float8[], span interval, price money)`);
  for (const [expression, expected] of DEPENDING) {
    await db.sql(`select tally.create_counter('c', 'public.t', scope => $1)`, [expression]);
    const [row] = await db.sql('select by_settings from tally.definitions');
    t.deepEqual(row, { by_settings: expected }, expression);
    await db.sql(`select tally.drop_counter('c')`);
  }
});

test('whatever reads, runs or recounts an expression has the same settings pinned', async (t) => {
  const db = await testDatabase(t);
  const running = [
    'check_watching',
    'compare',
    'count_truncate',
    'take_partition',
    'try_expressions',
  ];
  const pinning = await db.sql<{ name: string; settings: string[] }>(
    `select p.proname::text as name,
       array(select lower(split_part(c, '=', 1)) from unnest(p.proconfig) c) as settings
     from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and p.proname <> 'expected_functions'
       and exists (select from unnest(p.proconfig) c where c ilike 'intervalstyle=%')`,
  );
  const [row] = await db.sql<{ all: string[] }>(
    `select array_agg(m[1]) as all
     from regexp_matches(tally.trigger_settings(2::int2), '^set (\\w+) =', 'gn') m`,
  );
  const all = row?.all ?? [];
  t.true(all.length > 15);
  t.deepEqual(
    running.filter((name) => !pinning.some((one) => one.name === name)),
    [],
  );
  for (const { name, settings } of pinning) {
    const needed = running.includes(name) ? all : ['lc_monetary'];
    t.deepEqual(
      needed.filter((setting) => !settings.includes(setting)),
      [],
      name,
    );
  }
});

test('an amount of money counts alike where money is written otherwise', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (m money)');
  const german = await sessionWith(db, {});
  try {
    await german.query(`set lc_monetary = 'de_DE.UTF-8'`);
  } catch {
    t.log('this server has no locale de_DE.UTF-8');
    t.pass();
    return;
  }
  await german.query(`select tally.create_counter('c', 'public.t', filter => $$m > '12,50'$$)`);
  for (const client of [german, await sessionWith(db, {})]) {
    await client.query('insert into public.t values (13::money), (12::money)');
    await isExact(t, sqlOf(client));
  }
  t.deepEqual(await numbers(db.sql), { c: 2 });
});

test('a document is marked in the scope of its rows whatever the settings of who writes', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`
    create table public.t (h bytea);
    create function public.doc(scope text) returns jsonb stable language sql
      as 'select to_jsonb(scope)';
    select tally.create_summary('s', 'public.doc');
    select tally.watch('s', 'public.t', scope => 'h')`);
  await db.sql('delete from tally.marks');
  const escaping = await sessionWith(db, { bytea_output: 'escape' });
  await escaping.query(`insert into public.t values ('\\x61')`);
  t.deepEqual(await db.sql('select scope from tally.marks'), [{ scope: '\\x61' }]);
});
