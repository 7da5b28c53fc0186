import test, { type ExecutionContext } from 'ava';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { failure, finding, isExact, numberOf, numbers, roleName } from '../../helpers/engine.js';

type Roles = { readonly owner: string; readonly writer: string };

/** A table of an owner who is no superuser, and a writer who may write it and nothing else. */
async function app(t: ExecutionContext<unknown>, db: TestDatabase): Promise<Roles> {
  const [owner, writer] = [roleName('owner'), roleName('writer')];
  await db.sql(`create role ${owner} in role tally_owner; create role ${writer}`);
  t.teardown(() =>
    db.sql(`drop owned by ${owner}, ${writer} cascade; drop role ${owner}, ${writer}`),
  );
  await db.sql(`
    create schema app authorization ${owner};
    create table app.t (id int, tenant text);
    alter table app.t owner to ${owner};
    grant usage on schema app to ${writer};
    grant select, insert, update, delete, truncate on app.t to ${writer};
    grant temporary on database ${db.name} to ${owner}`);
  return { owner, writer };
}

async function as(db: TestDatabase, role: string, text: string): Promise<void> {
  const client = await db.client();
  await client.query(`set role ${role}; set app.tenant = 'a'`);
  await client.query(text);
}

const CREATE = `select tally.create_counter('all', 'app.t');
  select tally.create_counter('tenants', 'app.t', scope => 'tenant')`;
const ROWS = `insert into app.t values (1, 'a'), (2, 'a'), (3, 'b')`;
const OWN = `using (tenant = current_setting('app.tenant', true)) with check (true)`;

for (const force of ['', ' force']) {
  test(`row-level security${force} that was on before hides no row from the count`, async (t) => {
    const db = await testDatabase(t);
    const { owner, writer } = await app(t, db);
    await db.sql(ROWS);
    await db.sql(`alter table app.t enable row level security; create policy own on app.t ${OWN}`);
    if (force !== '') await db.sql('alter table app.t force row level security');
    await as(db, owner, CREATE);
    await db.sql('call tally.tick()');
    t.deepEqual(await numbers(db.sql), { all: 3, 'tenants:a': 2, 'tenants:b': 1 });
    await as(db, writer, `insert into app.t values (4, 'b'); delete from app.t where tenant = 'b'`);
    t.deepEqual(await numbers(db.sql), { all: 4, 'tenants:a': 2, 'tenants:b': 2 });
    await as(db, writer, `update app.t set tenant = 'c'`);
    t.deepEqual(await numbers(db.sql, 'tenants'), {
      'tenants:a': 0,
      'tenants:b': 2,
      'tenants:c': 2,
    });
    await isExact(t, db.sql);
    await as(db, writer, 'truncate app.t');
    t.is(await numberOf(db.sql, 'all'), 0);
    await isExact(t, db.sql);
  });

  test(`row-level security${force} switched on later is TL011, never a smaller number`, async (t) => {
    const db = await testDatabase(t);
    const { owner, writer } = await app(t, db);
    await as(db, owner, CREATE);
    await db.sql(ROWS);
    await db.sql(`alter table app.t enable row level security; create policy own on app.t ${OWN}`);
    if (force !== '') await db.sql('alter table app.t force row level security');
    for (const call of [
      `tally.verify('all')`,
      `tally.repair('all')`,
      `tally.repair('all', true)`,
    ]) {
      const error = await failure(db.sql(`select * from ${call}`), call);
      t.is(error.code, 'TL011', call);
      t.regex(
        error.hint ?? '',
        /create policy tally_reads_all on app\.t for select to tally_owner/,
      );
    }
    t.deepEqual(await db.sql('select * from tally.repair()'), []);
    t.regex((await finding(db.sql, 'counter all')).remedy ?? '', /create policy/);
    await as(db, writer, `insert into app.t values (4, 'b')`);
    t.is(await numberOf(db.sql, 'all'), 4);

    await db.sql('create policy tally_reads_all on app.t for select to tally_owner using (true)');
    await isExact(t, db.sql);
    t.is((await finding(db.sql, 'counter all')).status, 'ok');
  });
}

test('a restrictive policy that applies to tally_owner, by name or by membership, is TL011', async (t) => {
  const db = await testDatabase(t);
  const { owner } = await app(t, db);
  const readers = roleName('readers');
  await db.sql(`create role ${readers}`);
  t.teardown(() => db.sql(`drop owned by ${readers} cascade; drop role ${readers}`));
  await as(db, owner, CREATE);
  await db.sql(ROWS);
  await db.sql(`alter table app.t enable row level security;
    create policy everything on app.t using (true)`);
  await isExact(t, db.sql);
  for (const to of ['public', 'tally_owner', readers]) {
    await db.sql(`create policy less on app.t as restrictive to ${to} using (id < 3)`);
    if (to === readers) {
      await isExact(t, db.sql);
      await db.sql(`grant ${readers} to tally_owner`);
    }
    t.is((await failure(db.sql(`select * from tally.verify('all')`), to)).code, 'TL011', to);
    await db.sql('drop policy less on app.t');
  }
  await isExact(t, db.sql);
});

test('a right to read that was taken back is TL011 with the grant to run, and counting goes on', async (t) => {
  const db = await testDatabase(t);
  const { owner, writer } = await app(t, db);
  await as(db, owner, CREATE);
  for (const revoke of [
    'revoke select on app.t from tally_owner',
    'revoke usage on schema app from tally_owner',
  ]) {
    const before = (await numberOf(db.sql, 'all')) ?? 0;
    await as(db, owner, revoke);
    const error = await failure(db.sql(`select * from tally.verify('all')`), revoke);
    t.is(error.code, 'TL011', revoke);
    t.regex(
      error.hint ?? '',
      /grant usage on schema app to tally_owner; grant select on app\.t to/,
    );
    await as(db, writer, ROWS);
    t.is(await numberOf(db.sql, 'all'), before + 3);
    await as(db, owner, error.hint ?? '');
    await isExact(t, db.sql);
  }
});

test('a partition of its own policy is truncated rightly, or its counters are filled again', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.p (id int, k int) partition by list (k);
    create table public.p1 partition of public.p for values in (1);
    create table public.p2 partition of public.p for values in (2);
    select tally.create_counter('rows', 'public.p');
    insert into public.p values (1, 1), (2, 1), (3, 2);
    alter table public.p1 enable row level security; alter table public.p1 force row level security;
    create policy first on public.p1 using (id = 1)`);
  await db.sql('truncate public.p1');
  const shown = await numberOf(db.sql, 'rows');
  t.true(shown === undefined || shown === 1, String(shown));
  await db.sql('call tally.tick()');
  t.deepEqual(await numbers(db.sql), { rows: 1 });
  await isExact(t, db.sql);
});
