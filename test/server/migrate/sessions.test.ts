import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { checkLock, takeLock } from '../../../src/migrate/lock.js';
import { migrate } from '../../../src/migrate.js';
import { asUser, testDatabase, testRole } from '../../helpers/database.js';
import { SMALL_ENGINE, sqlTree } from '../../helpers/tree.js';
import { until } from '../../helpers/wait.js';

const SLOW = 'engine/migrations/0002-be-slow.sql';

test('two migrations at once both end well, and each file is applied once', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t, { ...SMALL_ENGINE, [SLOW]: 'select pg_sleep(0.2);' });
  const run = () => migrate({ url: database.url, sqlDir: tree.dir });
  const results = await Promise.all([run(), run(), run(), run()]);
  t.is(results.flatMap(({ applied }) => applied).length, 2);
  t.is(results.flatMap(({ replayed }) => replayed).length, 2);
});

test('who is waited for is told after two seconds', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t);
  const holder = await database.client('somebody else');
  await holder.query('select pg_advisory_lock(499968896121)');
  const lines: string[] = [];
  const done = migrate({
    url: database.url,
    sqlDir: tree.dir,
    report: (line) => lines.push(line),
  });
  await until(() => lines.length > 0, { what: 'the line that tells who is waited for' });
  t.regex(lines[0] ?? '', /waiting for another migration .*process \d+ \(somebody else\)/);
  await holder.query('select pg_advisory_unlock(499968896121)');
  t.is((await done).applied.length, 1);
});

test('a connection that is lost half way is named, and the next run ends it', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t, { ...SMALL_ENGINE, [SLOW]: 'select pg_sleep(60);' });
  const run = () => migrate({ url: database.url, sqlDir: tree.dir });
  const failing = t.throwsAsync(run, { instanceOf: UserError });
  await until(async () => {
    const cut = await database.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query like 'select pg_sleep(60)%'`,
    );
    return cut.length > 0;
  });
  const error = await failing;
  t.regex(error.message, /^the connection to .*\/t_\d+.* was lost/);
  await tree.write(SLOW, 'select 1;');
  t.deepEqual((await run()).applied, [SLOW]);
});

test('a lock that went with its session stops the migration', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t, {
    ...SMALL_ENGINE,
    [SLOW]: `select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and granted and pid <> pg_backend_pid()
        and database = (select oid from pg_database where datname = current_database());`,
  });
  const error = await t.throwsAsync(() => migrate({ url: database.url, sqlDir: tree.dir }), {
    instanceOf: UserError,
  });
  t.regex(error.message, /was lost/);
  t.deepEqual(await database.sql("select to_regprocedure('tally.one()') as it"), [{ it: null }]);
});

test('a session that does not hold the lock it took, as behind a pooler, is refused', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const [taker, other] = [await database.client(), await database.client()];
  await takeLock(taker, other, () => undefined);
  await t.notThrowsAsync(() => checkLock(taker));
  const error = await t.throwsAsync(() => checkLock(other), { instanceOf: UserError });
  t.regex(error.hint ?? '', /pooler in transaction mode/);
});

test('whoever may not create a schema is told whom to migrate as', async (t) => {
  const user = await testRole(t, 'login');
  const database = await testDatabase(t, { template: 'empty' });
  const tree = await sqlTree(t);
  const url = asUser(database.url, user);
  const error = await t.throwsAsync(() => migrate({ url, sqlDir: tree.dir }), {
    instanceOf: UserError,
  });
  t.regex(error.message, /permission denied for database/);
  t.regex(error.hint ?? '', /owner of the database/);
});
