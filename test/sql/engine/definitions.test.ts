import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, isExact, numbers, roleName } from '../../helpers/engine.js';

const CREATE = 'select tally.create_counter($1, $2, filter => $3, scope => $4, amount => $5)';

test('a name that is not plain is TL001 and says what a name is made of', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int)');
  for (const name of ['', 'A', '1st', 'a-b', 'a b', 'a.b', '_a', 'ä', 'a'.repeat(64), null]) {
    const error = await failure(db.sql(CREATE, [name, 'public.t', null, null, null]));
    t.is(error.code, 'TL001', String(name));
    t.regex(error.hint ?? '', /begins with a to z/);
  }
  await db.sql(CREATE, ['a'.repeat(63), 'public.t', null, null, null]);
});

test('an audience that nobody knows is TL005, and so is a ranked that is null', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int)');
  const create = `select tally.create_counter('c', 'public.t', audience => $1, ranked => $2)`;
  for (const audience of ['', 'Public', 'everyone', 'role:', 'role:a b', 'role', null]) {
    const error = await failure(db.sql(create, [audience, false]));
    t.is(error.code, 'TL005', String(audience));
    t.regex(error.hint ?? '', /private, public, owner, or role:NAME/);
  }
  t.is((await failure(db.sql(create, ['private', null]))).code, 'TL005');
  for (const [index, audience] of ['private', 'public', 'owner', 'role:admin'].entries()) {
    await db.sql(`select tally.create_counter($1, 'public.t', audience => $2)`, [
      `c${index}`,
      audience,
    ]);
  }
});

test('a name taken by another definition is TL002, and the detail says what differs', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, k text)');
  await db.sql('create table public.u (id int, k text)');
  await db.sql(CREATE, ['c', 'public.t', 'id > 0', 'k', 'id']);
  const others: [string, unknown[], RegExp][] = [
    ['source', ['c', 'public.u', 'id > 0', 'k', 'id'], /source is (public\.)?t, not (public\.)?u/],
    ['filter', ['c', 'public.t', 'id > 1', 'k', 'id'], /filter is .*0.*, not .*1/],
    ['scope', ['c', 'public.t', 'id > 0', 'upper(k)', 'id'], /scope is .*k.*, not .*upper\(k\)/],
    ['amount', ['c', 'public.t', 'id > 0', 'k', '2 * id'], /amount is .*, not .*2/],
  ];
  for (const [part, values, detail] of others) {
    const error = await failure(db.sql(CREATE, values));
    t.is(error.code, 'TL002', part);
    t.regex(error.detail ?? '', detail);
    t.regex(error.hint ?? '', /tally\.drop_counter\('c'\)/);
  }
  const more = `select tally.create_counter('c', 'public.t', 'id > 0', 'k', 'id', $1, $2)`;
  t.regex((await failure(db.sql(more, ['public', false]))).detail ?? '', /audience is private/);
  t.regex((await failure(db.sql(more, ['private', true]))).detail ?? '', /ranked is false, not t/);
});

test('the same definition again, in other words too, changes nothing', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, k text)');
  const create = (filter: string, scope: string) =>
    db.sql(CREATE, ['c', 'public.t', filter, scope, null]);
  const look = () =>
    db.sql(`
      select p.proname as name, p.xmin::text from pg_proc p where p.pronamespace = 'tally'::regnamespace
      union all select t.tgname, t.xmin::text from pg_trigger t where t.tgrelid = 'public.t'::regclass
      union all select c.relname, c.xmin::text from pg_class c where c.oid = 'public.t'::regclass
      union all select d.name, d.xmin::text from tally.definitions d
      union all select s.slug, s.xmin::text from tally.sources s
      order by 1, 2`);
  await create('id > 0', 'k');
  const before = await look();
  await create('id > 0', 'k');
  await create('(t.id>0) -- all but the first', ' "k" ');
  t.deepEqual(await look(), before);
  await db.sql(`insert into public.t values (1, 'x')`);
  t.deepEqual(await numbers(db.sql), { 'c:x': 1 });
});

test('the same definition again from a session in another time zone changes nothing', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (at timestamptz, due date)');
  const client = await db.client();
  const filter = `at > '2024-01-01 00:00:00+00' and due > '2024-02-01'`;
  for (const [zone, style] of [
    ['UTC', 'ISO, MDY'],
    ['Asia/Tokyo', 'ISO, DMY'],
    ['America/New_York', 'SQL, MDY'],
  ]) {
    await client.query(
      `select set_config('timezone', $1, false), set_config('datestyle', $2, false)`,
      [zone, style],
    );
    await t.notThrowsAsync(client.query(CREATE, ['c', 'public.t', filter, null, null]), zone);
  }
});

test('a name that is free again may be given to another definition', async (t) => {
  const db = await testDatabase(t);
  await db.sql('create table public.t (id int, k text)');
  await db.sql(CREATE, ['c', 'public.t', null, null, null]);
  await db.sql(`insert into public.t values (1, 'x'), (2, 'y'), (3, 'y')`);
  await db.sql(`select tally.drop_counter('c')`);
  t.deepEqual(await numbers(db.sql), {});
  t.is((await failure(db.sql(`select tally.drop_counter('c')`))).code, 'TL006');
  await db.sql(CREATE, ['c', 'public.t', null, 'k', null]);
  await db.sql('call tally.tick()');
  t.deepEqual(await numbers(db.sql), { 'c:x': 1, 'c:y': 2 });
  await isExact(t, db.sql);
});

test('whoever is not in tally_owner cannot declare, and a member declares what he owns', async (t) => {
  const db = await testDatabase(t);
  const [stranger, member] = [roleName('stranger'), roleName('member')];
  await db.sql(`create role ${stranger}; create role ${member} in role tally_owner`);
  t.teardown(() =>
    db.sql(`drop owned by ${stranger}, ${member}; drop role ${stranger}, ${member}`),
  );
  await db.sql(`create schema app authorization ${stranger}; create table app.t (id int);
    alter table app.t owner to ${stranger}; grant usage on schema app to ${member}`);
  const client = await db.client();
  const create = `select tally.create_counter('c', 'app.t')`;

  await client.query(`set role ${stranger}`);
  t.true(['42501', 'TL007'].includes((await failure(client.query(create))).code ?? ''));
  await client.query(`set role ${member}`);
  const error = await failure(client.query(create));
  t.is(error.code, 'TL007');
  t.true(error.message.includes(`role ${member} does not own app.t`));

  await client.query(`reset role; select tally.create_counter('c', 'app.t'); set role ${member}`);
  t.is((await failure(client.query(`select tally.drop_counter('c')`))).code, 'TL007');
});

test('the same words that search_path takes for another function are another definition', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create schema sa; create schema sb; create table public.t (id int, k text);
    create function sa.g(int) returns boolean immutable language sql as 'select $1 > 1';
    create function sb.g(int) returns boolean immutable language sql as 'select $1 < 1'`);
  const client = await db.client();
  const create = async (path: string) => {
    await client.query(`select set_config('search_path', $1, false)`, [path]);
    await client.query(
      `select tally.create_counter('c', 'public.t', filter => $$g(id) and k <> 'sb.g'$$)`,
    );
  };
  await create('sa');
  await create('sa, sb');
  const error = await failure(create('sb'));
  t.is(error.code, 'TL002');
  t.regex(error.detail ?? '', /filter is .*sa\.g\(id\).*, not .*sb\.g\(id\)/);
});

test('the same words that another version writes otherwise are the same definition', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create schema app; create table public.t (id int, k text);
    create function app.g(int) returns int immutable language sql as 'select $1'`);
  const create = () => db.sql(CREATE, ['c', 'public.t', `k <> 'a''b.c'`, 'k', 'app.g(id)']);
  await create();
  await db.sql(`update tally.definitions set amount_sql = 'app.g(id)::numeric',
    filter_sql = $$((k) <> 'a''b.c'::text)$$`);
  await create();
  t.is((await db.sql('select from tally.definitions')).length, 1);
});
