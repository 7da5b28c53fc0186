import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { migrate } from '../../../src/migrate.js';
import { testDatabase } from '../../helpers/database.js';

test('a new counter over old rows is filled before the migration ends', async (t) => {
  const database = await testDatabase(t);
  await database.sql('create table public.users (id int primary key, pending boolean)');
  await database.sql('insert into public.users values (1, true), (2, true), (3, false)');
  await database.sql(`select tally.create_counter('pending_users', 'public.users', 'pending')`);
  const lines: string[] = [];
  await migrate({
    url: database.url,
    engineOnly: true,
    dryRun: true,
    report: (line) => lines.push(line),
  });
  t.deepEqual(lines, ['engine: up to date', 'would fill counter pending_users']);
  t.deepEqual(await database.sql('select * from tally.counters'), []);
  const result = await migrate({ url: database.url, engineOnly: true });
  t.deepEqual(result.filled, ['pending_users']);
  t.deepEqual(await database.sql('select value from tally.counters'), [{ value: '2' }]);
});

test('a counter that cannot be filled is named, and stops neither the others nor the program', async (t) => {
  const database = await testDatabase(t);
  await database.sql('create table public.users (id int primary key, size int)');
  await database.sql('insert into public.users values (1, 0), (2, 1)');
  await database.sql(
    `select tally.create_counter('broken', 'public.users', filter => '1 / size > 0')`,
  );
  await database.sql(`select tally.create_counter('whole', 'public.users')`);
  const result = await migrate({ url: database.url, engineOnly: true });
  t.deepEqual(result.filled, ['whole']);
  t.is(result.warnings.length, 1);
  t.regex(result.warnings[0] ?? '', /^counter broken could not be filled.*division by zero/);
});

test('a new partition gets its triggers with the next migration', async (t) => {
  const database = await testDatabase(t);
  await database.sql('create table public.events (day date not null) partition by range (day)');
  await database.sql(`select tally.create_counter('events', 'public.events')`);
  await database.sql(
    `create table public.events_2026 partition of public.events
     for values from ('2026-01-01') to ('2027-01-01')`,
  );
  const lines: string[] = [];
  await migrate({ url: database.url, engineOnly: true, report: (line) => lines.push(line) });
  t.true(lines.some((line) => line.startsWith('attached public.events_2026 ')));
  await database.sql(`insert into public.events_2026 values ('2026-05-05')`);
  t.deepEqual(await database.sql('select value from tally.counters'), [{ value: '1' }]);
});

test('a counter declared anew under its old name is swept and filled before the migration ends', async (t) => {
  const database = await testDatabase(t);
  await database.sql('create table public.users (id int, kind text)');
  await database.sql(`insert into public.users select i, 'a' from generate_series(1, 7) i`);
  await database.sql(`select tally.create_counter('users', 'public.users')`);
  await database.sql('call tally.tick()');
  await database.sql(`select tally.drop_counter('users')`);
  await database.sql(`select tally.create_counter('users', 'public.users', scope => 'kind')`);
  const { filled } = await migrate({ url: database.url, engineOnly: true });
  t.deepEqual(filled, ['users']);
  t.deepEqual(await database.sql('select scope, value from tally.counters'), [
    { scope: 'a', value: '7' },
  ]);
});

test('an engine that was put in by hand is not migrated over, and stays as it is', async (t) => {
  const database = await testDatabase(t);
  await database.sql('drop schema tally_migrations cascade');
  const error = await t.throwsAsync(migrate({ url: database.url }), { instanceOf: UserError });
  t.regex(error?.message ?? '', /schema tally is there already/);
  t.regex(error?.hint ?? '', /uninstall\.sql/);
  t.deepEqual(await database.sql('select count(*)::int as n from tally.pulses'), [{ n: 1 }]);
});
