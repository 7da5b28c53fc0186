import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../src/database.js';
import { asUser, testDatabase, testRole } from '../../helpers/database.js';
import { failure, sqlOf } from '../../helpers/engine.js';

/** A counted table with row-level security, and a session of a member of tally_owner. */
async function member(t: ExecutionContext<unknown>, how: string) {
  const role = await testRole(t, 'login');
  const db = await testDatabase(t);
  await db.sql(`create table public.secrets (id int);
    alter table public.secrets enable row level security;
    insert into public.secrets values (1), (2);
    select tally.create_counter('secrets', 'public.secrets');
    grant tally_owner to ${role} ${how}`);
  const client = await connect(asUser(db.url, role), 'test member');
  t.teardown(() => client.end());
  return sqlOf(client);
}

test('a member of tally_owner reads all rows of a counted table, as docs/operations.md says', async (t) => {
  const sql = await member(t, '');
  t.deepEqual(await sql('select id from public.secrets order by id'), [{ id: 1 }, { id: 2 }]);
});

test('one who does not inherit reads them only as tally_owner, and declares nothing', async (t) => {
  const sql = await member(t, '');
  const [version] = await sql<{ old: boolean }>(
    `select current_setting('server_version_num')::int < 160000 as old`,
  );
  if (version?.old) return void t.pass('PostgreSQL 15 grants no role without its rights');
  const other = await member(t, 'with inherit false');
  t.is((await failure(other('select id from public.secrets'))).code, '42501');
  await other('create temporary table mine (id int)');
  await t.throwsAsync(other(`select tally.create_counter('mine', 'mine')`));
  await other('set role tally_owner');
  t.is((await other('select id from public.secrets')).length, 2);
});
