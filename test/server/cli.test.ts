import test, { type ExecutionContext } from 'ava';
import { withClient } from '../../src/database.js';
import { type CliOptions, cli, startCli } from '../helpers/cli.js';
import { testDatabase } from '../helpers/database.js';
import { until } from '../helpers/wait.js';

async function migrated(t: ExecutionContext) {
  const database = await testDatabase(t);
  const run = (args: string[], options: CliOptions = {}) =>
    cli(args, { ...options, env: { DATABASE_URL: database.url, ...options.env } });
  return { database, run };
}

async function counted(t: ExecutionContext) {
  const made = await migrated(t);
  await made.database.sql('create table public.users (id int primary key, pending boolean)');
  await made.database.sql(`select tally.create_counter('pending', 'public.users', 'pending')`);
  await made.database.sql('insert into public.users values (1, true), (2, true)');
  return made;
}

/** Rows that no trigger saw. */
const UNSEEN = `
  alter table public.users disable trigger user;
  insert into public.users values (3, true);
  alter table public.users enable trigger user`;

test('a database that cannot be reached is named without its password', async (t) => {
  const env = { DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:1/shop' };
  const { code, stderr } = await cli(['tick'], { env });
  t.is(code, 1);
  t.regex(stderr, /cannot connect to 127\.0\.0\.1:1\/shop: nothing listens there/);
  t.notRegex(stderr, /hunter2/);
});

test('sql prints what each statement returns as a table', async (t) => {
  const { run } = await migrated(t);
  const { code, stdout } = await run([
    'sql',
    `create table public.t (id bigint, note text);
     insert into public.t values (9007199254740993, null), (2, e'two\\nlines'), (3, '');
     select id, note, id as id from public.t; select 1 where false`,
  ]);
  t.is(code, 0);
  t.is(
    stdout,
    [
      'CREATE',
      'INSERT 3',
      '       id        |  note  |        id',
      '-----------------+--------+-----------------',
      '9007199254740993 | (null) | 9007199254740993',
      '               2 | two    |                2',
      '                 | lines  |',
      '               3 |        |                3',
      '(3 rows)',
      '?column?',
      '--------',
      '(0 rows)',
      '',
    ].join('\n'),
  );
});

test('sql reads stdin, and prints a line for each column when asked', async (t) => {
  const { run } = await migrated(t);
  const { stdout } = await run(['sql', '-', '-x'], { stdin: 'select 1 as one, null as nothing' });
  t.is(stdout, 'one     | 1\nnothing | (null)\n');
});

test('sql shows where a statement is wrong, with detail and hint of the server', async (t) => {
  const { run } = await migrated(t);
  const wrong = await run(['sql', 'select 1;\nselect * fro t']);
  t.is(wrong.code, 1);
  t.regex(
    wrong.stderr,
    /^error: syntax error at or near "fro" \(42601\)\nline 2: select \* fro t\n {17}\^\n/,
  );
  const raised = await run([
    'sql',
    `do $$ begin raise exception 'no' using detail = 'because', hint = 'do it'; end $$`,
  ]);
  t.regex(raised.stderr, /error: no \(P0001\)\ndetail: because\nhint: do it\n/);
});

test('what is stored in a table cannot steer the terminal', async (t) => {
  const { run } = await migrated(t);
  const { stdout } = await run(['sql', `select e'\\x1b]0;owned\\x07' as x`]);
  t.regex(stdout, /\\x1b\]0;owned\\x07/);
});

test('migrate says what it does, and a dry run does nothing', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const env = { DATABASE_URL: database.url };
  const preview = await cli(['migrate', '--dry-run'], { env });
  t.regex(preview.stdout, /^would apply sql\/engine\/migrations\/0001-/);
  t.regex(preview.stdout, /\ndry run: nothing was written\n$/);
  t.deepEqual(await database.sql(`select to_regnamespace('tally') as it`), [{ it: null }]);
  const done = await cli(['migrate', '--engine-only'], { env });
  t.is(done.code, 0);
  t.regex(done.stdout, /^applied sql\/engine\/migrations\/0001-/);
  t.is((await cli(['doctor'], { env })).code, 0);
});

test('a maintenance verb on a database without the engine says what to run', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const { code, stderr } = await cli(['verify'], { env: { DATABASE_URL: database.url } });
  t.is(code, 1);
  t.regex(stderr, /^error: the engine is not there: .*\nhint: .* migrate\n$/);
});

test('verify exits with 3 when a counter is wrong, and with 0 after repair', async (t) => {
  const { database, run } = await counted(t);
  t.deepEqual(await run(['verify', 'pending']), {
    code: 0,
    stdout: 'exact: pending\n',
    stderr: '',
  });
  await withClient(database.url, 'pgtally test', (client) => client.query(UNSEEN));
  const found = await run(['verify']);
  t.is(found.code, 3);
  t.regex(found.stdout, /^pending +\| +\| +2 \| +3$/m);
  t.regex(found.stdout, /to put this right: .* repair\n/);
  t.regex((await run(['repair', '--dry-run'])).stdout, /dry run: nothing was changed/);
  t.is((await run(['verify'])).code, 3);
  t.regex((await run(['repair', 'pending'])).stdout, /repaired/);
  t.is((await run(['verify'])).code, 0);
  t.deepEqual(await database.sql('select value from tally.counters'), [{ value: '3' }]);
});

test('the name of a counter that is not there is refused', async (t) => {
  const { run } = await counted(t);
  const { code, stderr } = await run(['verify', 'pendin']);
  t.is(code, 1);
  t.regex(stderr, /no counter "pendin" \(TL006\)/);
  t.notRegex(stderr, /context:/);
});

test('doctor exits with 4 when a check fails', async (t) => {
  const { database, run } = await counted(t);
  t.is((await run(['doctor'])).code, 0);
  await database.sql('alter table public.users disable trigger user');
  const found = await run(['doctor']);
  t.is(found.code, 4);
  t.regex(found.stdout, /public\.users.*\| fail/);
});

test('tick folds what is pending, fill fills, and status shows it', async (t) => {
  const { database, run } = await counted(t);
  t.deepEqual(await run(['tick']), { code: 0, stdout: '', stderr: '' });
  t.deepEqual(await database.sql('select * from tally.deltas'), []);
  await database.sql(`select tally.create_counter('all_users', 'public.users')`);
  t.is((await run(['fill', 'all_users'])).code, 0);
  t.deepEqual(await database.sql(`select value from tally.counters where name = 'all_users'`), [
    { value: '2' },
  ]);
  t.regex((await run(['status'])).stdout, /^pending +\| \d+$/m);
});

test('pulse folds until it is told to end, and then ends well', async (t) => {
  const { database } = await counted(t);
  const pulse = startCli(['pulse'], { env: { DATABASE_URL: database.url } });
  t.teardown(() => pulse.kill('SIGKILL'));
  const folded = async () => (await database.sql('select from tally.deltas')).length === 0;
  await until(folded, { what: 'the fold', deadlineMs: 60_000 });
  pulse.kill('SIGTERM');
  t.is((await pulse.ended).code, 0);
});
