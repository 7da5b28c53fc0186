import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import { type MigrateOptions, migrate } from '../../../src/migrate.js';
import { testDatabase } from '../../helpers/database.js';
import { SMALL_ENGINE, sqlTree } from '../../helpers/tree.js';

const LIST = 'engine/objects/objects.list';
const ONE = 'engine/objects/counters/one.sql';
const SEEN = 'engine/objects/counters/seen.sql';

async function migratedTree(t: ExecutionContext, more: Readonly<Record<string, string>> = {}) {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t, { ...SMALL_ENGINE, ...more });
  const run = (options: Partial<MigrateOptions> = {}) =>
    migrate({ url: database.url, sqlDir: tree.dir, ...options });
  await run();
  return { database, tree, run };
}

const returning = (value: number) =>
  `create or replace function tally.one() returns int language sql as $$ select ${value} $$;\n`;

test('all objects run again, in list order, when one of them changes', async (t) => {
  const { database, tree, run } = await migratedTree(t);
  await tree.write(ONE, returning(7));
  t.deepEqual((await run()).replayed, [ONE, SEEN]);
  t.deepEqual(await database.sql('select tally.one()'), [{ one: 7 }]);
  t.deepEqual((await run()).replayed, []);
});

test('line endings are no change of an object', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(ONE, (SMALL_ENGINE[ONE] ?? '').replaceAll('\n', '\r\n'));
  t.deepEqual((await run()).replayed, []);
});

test('an object that fails leaves all objects as they were and is named with its place', async (t) => {
  const { database, tree, run } = await migratedTree(t);
  await tree.write(ONE, returning(7));
  await tree.write(SEEN, 'create or replace view tally.seen as\nselect nothing from tally.things;');
  const error = await t.throwsAsync(() => run(), { instanceOf: UserError });
  t.regex(error.message, /^sql\/engine\/objects\/counters\/seen\.sql failed/);
  t.regex(error.message, /line 2: select nothing from tally\.things;\n {15}\^/);
  t.deepEqual(await database.sql('select tally.one()'), [{ one: 1 }]);
});

const OTHER_SHAPES: [what: string, path: string, text: string][] = [
  ['returns another type', ONE, (SMALL_ENGINE[ONE] ?? '').replace('returns int', 'returns bigint')],
  ['has other columns', SEEN, 'create or replace view tally.seen as select tally.one() as one;'],
];
for (const [what, path, text] of OTHER_SHAPES) {
  test(`what ${what} is refused with a hint that works`, async (t) => {
    const { tree, run } = await migratedTree(t);
    await tree.write(path, text);
    const error = await t.throwsAsync(() => run(), { instanceOf: UserError });
    t.regex(error.hint ?? '', /drop the old one in a new numbered migration/);
    const drops = 'drop view tally.seen;\ndrop function tally.one();\n';
    await tree.write('engine/migrations/0002-drop-old.sql', drops);
    const { replayed, warnings } = await run();
    t.deepEqual([replayed, warnings], [[ONE, SEEN], []]);
  });
}

test('a body that does not return what its function does is to be mended', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(ONE, (SMALL_ENGINE[ONE] ?? '').replace('select 1', "select 'one'::text"));
  const error = await t.throwsAsync(() => run(), { instanceOf: UserError });
  t.regex(error.hint ?? '', /^mend the file/);
});

test('an unqualified name in an object is refused', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(SEEN, 'create or replace view seen as select 1 as id;');
  await t.throwsAsync(() => run(), { message: /seen\.sql failed: no schema has been selected/ });
});

const badLists: [what: string, list: string, message: RegExp][] = [
  ['does not name a file', 'counters/one.sql', /objects\.list does not list counters\/seen\.sql/],
  [
    'names a file that is not there',
    'counters/one.sql\ncounters/two.sql\ncounters/seen.sql',
    /objects\.list lists counters\/two\.sql, which is not there/,
  ],
  [
    'names a file twice',
    'counters/one.sql\ncounters/seen.sql # again:\ncounters/one.sql',
    /objects\.list lists counters\/one\.sql twice/,
  ],
];
for (const [what, list, message] of badLists) {
  test(`a list that ${what} is refused before anything runs`, async (t) => {
    const database = await testDatabase(t, { template: 'empty' });
    const tree = await sqlTree(t, { ...SMALL_ENGINE, [LIST]: list });
    const run = () => migrate({ url: database.url, sqlDir: tree.dir });
    await t.throwsAsync(run, { instanceOf: UserError, message });
    t.deepEqual(await database.sql("select to_regnamespace('tally') as it"), [{ it: null }]);
  });
}

test('objects that were changed by hand are named, put back, and their text is kept', async (t) => {
  const { database, run } = await migratedTree(t);
  await database.sql(returning(9));
  await database.sql(
    'create or replace view tally.seen as select t.id, 5 as one from tally.things t',
  );
  const preview = await run({ dryRun: true });
  t.deepEqual(preview.handChanged, ['tally.one()', 'tally.seen']);
  t.regex(
    preview.warnings[0] ?? '',
    /function tally\.one\(\) was changed by hand since .*would be/,
  );
  t.deepEqual(await database.sql('select tally.one()'), [{ one: 9 }]);
  const result = await run();
  t.deepEqual(result.handChanged, ['tally.one()', 'tally.seen']);
  t.regex(result.warnings[1] ?? '', /view tally\.seen .* was put back .*sql\/engine\/objects/);
  t.deepEqual(await database.sql('select tally.one()'), [{ one: 1 }]);
  const kept = await database.sql<{ definition: string }>(
    'select definition from tally_migrations.replaced order by identity',
  );
  t.regex(kept[0]?.definition ?? '', /select 9/);
  t.deepEqual((await run()).handChanged, []);
});

test('an object that was dropped by hand is named and made again', async (t) => {
  const { database, run } = await migratedTree(t);
  await database.sql('drop view tally.seen');
  const result = await run();
  t.regex(result.warnings[0] ?? '', /view tally\.seen was dropped by hand/);
  t.deepEqual(await database.sql('select * from tally.seen'), []);
});

test('a function that no file makes any more is named as left over', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(
    ONE,
    'create or replace function tally.one(n int default 1) returns int language sql as $$ select n $$;',
  );
  const made = SMALL_ENGINE[SEEN] ?? '';
  await tree.write(SEEN, made.replace('tally.one()', 'tally.one(1)'));
  const result = await run();
  t.deepEqual(result.warnings.length, 1);
  t.regex(result.warnings[0] ?? '', /^function tally\.one\(\) is left over/);
  t.deepEqual((await run()).warnings, []);
});

test('functions that a file lets SQL generate are not taken for the file’s own', async (t) => {
  const generator = `do $do$ begin
    execute 'create or replace function tally.count_' || 'users() returns int language sql as ''select 1''';
  end $do$;`;
  const { database, run } = await migratedTree(t, {
    [LIST]: 'counters/one.sql\ncounters/seen.sql\ngenerate.sql\n',
    'engine/objects/generate.sql': generator,
  });
  await database.sql(
    `create or replace function tally.count_users() returns int language sql as 'select 2'`,
  );
  t.deepEqual((await run()).handChanged, []);
});

test('a numbered file that changes an object is no change by hand', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write('engine/migrations/0002-change-one.sql', 'alter function tally.one() cost 5;');
  t.deepEqual((await run()).handChanged, []);
  t.deepEqual((await run()).handChanged, []);
});

test('objects belong to the owner of the schema, whoever migrates', async (t) => {
  const { database } = await migratedTree(t, {
    'engine/migrations/0002-give-away.sql':
      'alter schema tally owner to pg_database_owner; alter table tally.things owner to pg_database_owner;',
  });
  t.deepEqual(
    await database.sql(
      `select proowner::regrole::text as owner from pg_proc
       where oid = 'tally.one()'::regprocedure`,
    ),
    [{ owner: 'pg_database_owner' }],
  );
});

test('a view that is being read for long does not hold readers up for long', async (t) => {
  const { database, tree, run } = await migratedTree(t);
  const reader = await database.client();
  await reader.query('begin; select * from tally.seen');
  await tree.write(ONE, returning(7));
  const lines: string[] = [];
  const done = run({
    report: (line) => {
      lines.push(line);
      if (line.startsWith('waiting for a lock')) void reader.query('commit');
    },
  });
  t.deepEqual((await done).replayed, [ONE, SEEN]);
  t.regex(lines[0] ?? '', /^waiting for a lock, attempt 1 of 5: .*seen\.sql/);
});
