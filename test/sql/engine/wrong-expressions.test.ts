import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure } from '../../helpers/engine.js';

const SCHEMA = `
  create schema app;
  create table app.t (id int, k text, d date, ts timestamptz, p point, j jsonb, ok boolean);
  create sequence app.seq;
  create function app.now_ish() returns int language sql stable as 'select 1';
  create function app.any_time() returns int language sql volatile as 'select 1'`;

type Wrong = readonly [what: string, expression: string, message: RegExp];

const meanings: readonly Wrong[] = [
  ['a subquery', '(select count(*) from app.t) > 0', /subquery/],
  ['an EXISTS', 'exists (select 1)', /subquery/],
  ['a volatile function', 'random() > 0.5', /random\(\), which is volatile/],
  ['the clock', 'ts > now()', /now\(\), which is stable/],
  ['the date of today', 'd = current_date', /clock or the session/],
  ['the session user', 'k = current_user', /clock or the session/],
  ['a setting', `k = current_setting('app.tenant')`, /current_setting.*which is stable/],
  ['a sequence', `nextval('app.seq') > 0`, /nextval.*volatile/],
  ['an unknown column', 'nope = 1', /column "nope" does not exist/],
  ['another table', 'pg_class.relname = k', /missing FROM-clause entry/],
  ['an unknown function', 'app.nope(id)', /function app\.nope\(integer\) does not exist/],
  ['an aggregate', 'count(*) > 1', /aggregate functions are not allowed/],
  ['a parameter', 'id = $1', /there is no parameter \$1/],
  ['a window function', 'row_number() over () = 1', /window functions are not allowed/],
  ['a set-returning function', 'generate_series(1, 3) = 1', /set-returning functions are not/],
  ['the whole row', '(t.*) is not null', /whole row/],
  ['the whole row as text', `t::text <> ''`, /whole row/],
  ['a system column', 'xmin::text <> k', /system column/],
  ['tableoid', 'tableoid > 0', /system column/],
];

const spellings: readonly Wrong[] = [
  ['nothing', '', /is empty/],
  ['blanks', ' \n\t', /is empty/],
  ['half an expression', 'id >', /syntax error/],
  ['a statement', 'id > 0; drop table app.t', /syntax error/],
  ['a closing parenthesis too many', 'id > 0)', /syntax error/],
  ['an opening parenthesis too many', '(id > 0', /syntax error/],
  ['a comment that does not end', 'id > 0 /*', /unterminated \/\* comment/],
  ['a string that does not end', `k = 'x`, /unterminated quoted string/],
  ['a dollar quote that does not end', 'k = $x$a', /unterminated dollar-quoted string/],
  ['a comment and nothing else', '-- all', /syntax error/],
  ['a way out of the parentheses', 'true)), add constraint x check ((true', /syntax error/],
  ['a second statement', 'true)); create table app.evil2 (); select ((true', /syntax error/],
  ['a second statement behind a comment', 'true)); drop table app.t; --', /syntax error/],
  [
    'two statements that fit',
    'true)); create table if not exists app.evil (); select ((true',
    /syntax/,
  ],
  ['a column of its own', 'true)), add column evil int default ((1', /syntax error/],
];

const own: Record<'filter' | 'scope' | 'amount', readonly Wrong[]> = {
  filter: [
    ['two truths', 'id > 0, id > 1', /type record|syntax error/],
    ['a number', 'id', /must be type boolean|cannot be cast|type integer/],
    ['a text', 'k', /must be type boolean|type text/],
  ],
  scope: [],
  amount: [
    ['a point', 'p', /cannot cast type point to bigint/],
    ['a date', 'd', /cannot cast type date to bigint/],
    ['a truth', 'ok', /cannot cast type boolean to bigint/],
    ['a word', `'five'`, /invalid input syntax for type bigint/],
  ],
};

/** What is wrong with a truth is wrong with the number made of it. */
function asPart(part: 'filter' | 'scope' | 'amount'): (wrong: Wrong) => Wrong {
  return ([what, expression, message]) => [
    what,
    part === 'amount' ? `(${expression})::int` : expression,
    message,
  ];
}

for (const part of ['filter', 'scope', 'amount'] as const) {
  test(`a wrong ${part} is TL004 with the reason, and leaves nothing behind`, async (t) => {
    const db = await testDatabase(t);
    await db.sql(SCHEMA);
    const client = await db.client();
    const cases = [...meanings.map(asPart(part)), ...spellings, ...own[part]];
    for (const [what, expression, message] of cases) {
      const create = `select tally.create_counter('c', 'app.t', ${part} => $1)`;
      const error = await failure(client.query(create, [expression]), what);
      t.is(error.code, 'TL004', `${what}: ${error.message}`);
      t.true(error.message.startsWith(`counter "c": its ${part} `), error.message);
      t.regex(error.message, message, what);
      t.truthy(error.hint, what);
    }
    const left = await client.query(`
      select c.oid::regclass::text from pg_class c
      where c.relnamespace in ('app'::regnamespace, pg_my_temp_schema()) and c.relkind = 'r'
      union all select name from tally.definitions
      union all select tgname from pg_trigger where tgrelid = 'app.t'::regclass`);
    t.deepEqual(left.rows, [{ oid: 'app.t' }]);
  });
}

test('a function that is not declared immutable is refused, even where it can be inlined', async (t) => {
  const db = await testDatabase(t);
  await db.sql(SCHEMA);
  const create = `select tally.create_counter('c', 'app.t', filter => $1)`;
  for (const [call, message] of [
    ['app.any_time() = id', /app\.any_time\(\), which is volatile/],
    ['app.now_ish() = id', /app\.now_ish\(\), which is stable/],
  ] as const) {
    const error = await failure(db.sql(create, [call]), call);
    t.is(error.code, 'TL004');
    t.regex(error.message, message);
  }
});

test('an expression may end in a comment', async (t) => {
  const db = await testDatabase(t);
  await db.sql(SCHEMA);
  await db.sql(`select tally.create_counter('c', 'app.t', filter => $$ok -- open ones$$,
    scope => $$k /* by kind */ --$$, amount => $$id -- (the size$$)`);
  await db.sql(
    `insert into app.t (id, k, ok) values (3, 'x', true), (4, 'x', true), (5, 'x', false)`,
  );
  const rows = await db.sql('select scope, value::int from tally.counters');
  t.deepEqual(rows, [{ scope: 'x', value: 7 }]);
});

test('what looks like an injection inside a string is only a string', async (t) => {
  const db = await testDatabase(t);
  await db.sql(SCHEMA);
  const text = `'); drop table app.t; --$$ $counting$ $function$ % %1$s %L \\`;
  await db.sql(`select tally.create_counter('c', 'app.t', filter => $1)`, [
    `k = '${text.replaceAll("'", "''")}'`,
  ]);
  await db.sql('insert into app.t (k) values ($1), ($2)', [text, 'other']);
  t.deepEqual(await db.sql('select value::int from tally.counters'), [{ value: 1 }]);
  t.deepEqual(await db.sql('select * from tally.verify()'), []);
});

test('an expression that fails for a row fails that write alone, as an index would', async (t) => {
  const db = await testDatabase(t);
  await db.sql(SCHEMA);
  await db.sql(`select tally.create_counter('c', 'app.t', amount => '10 / id')`);
  t.is((await failure(db.sql('insert into app.t (id) values (0)'))).code, '22012');
  await db.sql('insert into app.t (id) values (5)');
  t.deepEqual(await db.sql('select value::int from tally.counters'), [{ value: 2 }]);
});

test('a time in anything that is read from text is refused, and one out of a json document too', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`${SCHEMA}; create domain app.moment as timestamptz;
    create type app.span as (since date)`);
  const create = `select tally.create_counter('c', 'app.t', filter => $1)`;
  const [server] = await db.sql<{ has: boolean }>(
    `select current_setting('server_version_num')::int >= 170000 as has`,
  );
  const texts = ['app.moment', 'date[]', 'daterange', 'app.span'].map(
    (type) => `k::${type} is null`,
  );
  const documents = ['timestamptz', 'date', 'app.moment', 'time'].map(
    (type) => `json_value(j, '$.t' returning ${type}) is not null`,
  );
  for (const filter of server?.has === true ? [...texts, ...documents] : texts) {
    const error = await failure(db.sql(create, [filter]), filter);
    t.is(error.code, 'TL004');
    t.regex(error.message, /reads a time from text, which may say now/, filter);
  }
  if (server?.has === true) await db.sql(create, [`json_value(j, '$.n' returning int) > 1`]);
});
