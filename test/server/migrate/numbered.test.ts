import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import { checkVersion } from '../../../src/migrate/session.js';
import { type MigrateOptions, migrate } from '../../../src/migrate.js';
import { testDatabase } from '../../helpers/database.js';
import { SMALL_ENGINE, type SqlTree, sqlTree } from '../../helpers/tree.js';

const FIRST = 'engine/migrations/0001-create-schema.sql';
const THIRD = 'engine/migrations/0003-create-more.sql';

async function migratedTree(t: ExecutionContext, more: Readonly<Record<string, string>> = {}) {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t, { ...SMALL_ENGINE, ...more });
  const run = (options: Partial<MigrateOptions> = {}) =>
    migrate({ url: database.url, sqlDir: tree.dir, ...options });
  await run();
  return { database, tree, run };
}

async function refused(t: ExecutionContext, run: () => Promise<unknown>): Promise<UserError> {
  return await t.throwsAsync(run, { instanceOf: UserError });
}

test('numbered files are applied once, in the order of their numbers', async (t) => {
  const { database, tree, run } = await migratedTree(t);
  await tree.write(THIRD, 'insert into tally.things values (3);');
  await tree.write('engine/migrations/0002-add-two.sql', 'insert into tally.things values (2);');
  const second = await run();
  t.deepEqual(second.applied, ['engine/migrations/0002-add-two.sql', THIRD]);
  const third = await run();
  t.deepEqual([third.applied, third.replayed, third.warnings], [[], [], []]);
  t.deepEqual(await database.sql('select id from tally.things order by id'), [
    { id: 2 },
    { id: 3 },
  ]);
});

test('an edited migration is refused with its name and the first line that differs', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(FIRST, 'create schema tally;\ncreate table tally.other (id int);\n');
  const error = await refused(t, run);
  t.regex(error.message, /^sql\/engine\/migrations\/0001-create-schema\.sql was edited .*line 2/);
  t.regex(error.hint ?? '', /0002-….sql.*make reset/);
});

test('a migration that differs in its line endings only is said to do so', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(FIRST, (SMALL_ENGINE[FIRST] ?? '').replaceAll('\n', '\r\n'));
  const error = await refused(t, run);
  t.regex(error.message, /0001-create-schema\.sql.*line endings only: the file has CRLF/);
});

test('a migration that is gone is refused with its name', async (t) => {
  const { tree, run } = await migratedTree(t, { [THIRD]: 'select 1;' });
  await tree.remove(FIRST);
  const error = await refused(t, run);
  t.regex(error.message, /^sql\/engine\/migrations\/0001-create-schema\.sql is missing/);
});

test('a database of a newer version is told from a file that is gone', async (t) => {
  const { tree, run } = await migratedTree(t, { [THIRD]: 'select 1;' });
  await tree.remove(THIRD);
  const error = await refused(t, run);
  t.regex(error.message, /newer pgtally.*0003-create-more\.sql/);
});

test('a migration that comes late with a lower number is refused with the next number', async (t) => {
  const { tree, run } = await migratedTree(t, { [THIRD]: 'select 1;' });
  await tree.write('engine/migrations/0002-come-late.sql', 'select 1;');
  const error = await refused(t, run);
  t.regex(error.message, /0002-come-late\.sql was never applied, but 0003-create-more\.sql/);
  t.regex(error.hint ?? '', /0004/);
});

test('a renamed migration is refused with the name it had', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.remove(FIRST);
  await tree.write('engine/migrations/0001-make-schema.sql', SMALL_ENGINE[FIRST] ?? '');
  const error = await refused(t, run);
  t.regex(error.message, /0001-make-schema\.sql was applied as 0001-create-schema\.sql/);
});

const badNames: [what: string, path: string, message: RegExp][] = [
  ['without a number', 'create.sql', /sql\/engine\/migrations\/create\.sql is not named/],
  ['in another language', '0002-do-it.js', /0002-do-it\.js is not named/],
  ['with three digits', '002-do-it.sql', /002-do-it\.sql is not named/],
  [
    'that has a taken number',
    '0001-do-it.sql',
    /0001-create-schema\.sql and 0001-do-it\.sql|0001-do/,
  ],
];
for (const [what, name, message] of badNames) {
  test(`a migration ${what} is refused before anything runs`, async (t) => {
    const database = await testDatabase(t, { template: 'empty' });
    const tree = await sqlTree(t, { ...SMALL_ENGINE, [`engine/migrations/${name}`]: 'select 1;' });
    const error = await refused(t, () => migrate({ url: database.url, sqlDir: tree.dir }));
    t.regex(error.message, message);
    t.deepEqual(await database.sql("select to_regnamespace('tally') as it"), [{ it: null }]);
  });
}

test('a migration that fails is named, leaves nothing, and keeps those before it', async (t) => {
  const { database, tree, run } = await migratedTree(t);
  await tree.write('engine/migrations/0002-add-two.sql', 'insert into tally.things values (2);');
  await tree.write(THIRD, 'insert into tally.things values (3); select 1/0;');
  const error = await refused(t, run);
  t.regex(
    error.message,
    /^sql\/engine\/migrations\/0003-create-more\.sql failed.*division by zero/,
  );
  t.deepEqual(await database.sql('select id from tally.things'), [{ id: 2 }]);
  await tree.write(THIRD, 'insert into tally.things values (3);');
  t.deepEqual((await run()).applied, [THIRD]);
});

test('what the splitter of statements cannot read is explained', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(THIRD, "select E'it\\'s'; select 'a;b';");
  const error = await refused(t, run);
  t.regex(error.hint ?? '', /write '' for a quote/);
});

test('a record that vanishes while a migration runs is found out, not taken for success', async (t) => {
  const { tree, run } = await migratedTree(t);
  await tree.write(THIRD, 'update tally_migrations.engine_applied set script = script || $$ $$;');
  await tree.write('engine/migrations/0004-go-on.sql', 'select 1;');
  const error = await refused(t, run);
  t.regex(error.message, /is not recorded as applied/);
});

test('a dry run on a fresh database lists all and writes nothing', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const tree: SqlTree = await sqlTree(t);
  const lines: string[] = [];
  const report = (line: string) => lines.push(line);
  await migrate({ url: database.url, sqlDir: tree.dir, dryRun: true, report });
  t.deepEqual(lines, [`would apply sql/${FIRST}`, 'engine: would run 2 objects']);
  t.deepEqual(
    await database.sql("select from pg_namespace where nspname in ('tally', 'tally_migrations')"),
    [],
  );
});

test('applications follow the engine with books of their own, unless only the engine is wanted', async (t) => {
  const { run, tree } = await migratedTree(t, {
    'apps/migrations/0001-create-leads.sql': 'create schema leads; select tally.one();',
    'apps/objects/objects.list': 'leads/all.sql',
    'apps/objects/leads/all.sql': 'create or replace view leads.all_of_them as select 1 as id;',
  });
  t.deepEqual((await run()).applied, []);
  const other = await testDatabase(t, { template: 'empty' });
  await migrate({ url: other.url, sqlDir: tree.dir, engineOnly: true });
  t.deepEqual(await other.sql("select to_regnamespace('leads') as it"), [{ it: null }]);
});

test('a server older than 15 is refused and one newer than 18 is warned of', (t) => {
  t.throws(() => checkVersion(140_012, '14.12'), { message: /14\.12 is too old/ });
  t.is(checkVersion(150_020, '15.20'), undefined);
  t.is(checkVersion(180_004, '18.4'), undefined);
  t.regex(checkVersion(190_000, '19beta1') ?? '', /19beta1 is newer/);
});
