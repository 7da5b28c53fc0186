import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, finding, roleName, sqlOf } from '../../helpers/engine.js';
import { createInvitations, createRule, expireDue, invite } from '../../helpers/invitations.js';

const CREATE = 'select tally.create_expiry($1, $2::regclass, $3, $4, $5)';
const GOOD = ['r', 'calls.invitations', 'expires_at', `status = 'pending'`, `status = 'expired'`];

async function refusing(t: ExecutionContext) {
  const database = await testDatabase(t);
  await createInvitations(database.sql, { rule: false });
  const refusal = async (change: Readonly<Record<number, string | null>>) => {
    const values = GOOD.map((value, at) => (at in change ? change[at] : value));
    return await failure(database.sql(CREATE, values), JSON.stringify(change));
  };
  return { ...database, refusal };
}

test('each wrong word of a declaration is refused with what would be right', async (t) => {
  const { sql, refusal } = await refusing(t);
  await sql('create view public.v as select 1 as one; create temporary table temp (id int)');
  const wrong: [change: Record<number, string | null>, code: string, message: RegExp][] = [
    [{ 0: 'Rule' }, 'TL001', /expiry name 'Rule' is not allowed/],
    [{ 0: null }, 'TL001', /expiry name null/],
    [{ 1: 'public.v' }, 'TL003', /it is not a table/],
    [{ 1: null }, 'TL003', /there is no such table/],
    [{ 1: 'tally.deltas' }, 'TL003', /it is in schema tally/],
    [{ 2: null }, 'TL004', /expiry "r": its due is null/],
    [{ 2: 'nothing' }, 'TL004', /expiry "r": its due cannot be used: column "nothing"/],
    [{ 2: 'now()' }, 'TL004', /it calls now\(\)/],
    [{ 2: 'receiver' }, 'TL031', /its due is of type integer, not timestamptz/],
    [{ 2: `expires_at at time zone 'UTC'` }, 'TL031', /timestamp without time zone/],
    [{ 2: `expires_at + interval '1 day'` }, 'TL031', /no index can serve it/],
    [{ 3: null }, 'TL004', /its filter is null/],
    [{ 3: 'expires_at < now()' }, 'TL004', /its filter cannot be used: it calls now\(\)/],
    [{ 3: 'status' }, 'TL004', /its filter cannot be used/],
    [{ 4: null }, 'TL030', /its change is null/],
    [{ 4: ' ' }, 'TL030', /its change is empty/],
    [{ 4: 'nothing = 1' }, 'TL030', /column "nothing" .*does not exist/],
    [{ 4: `id = 1, status = 'x'` }, 'TL030', /column "id" can only be updated to DEFAULT/],
    [{ 4: `status = 'x' where id = 1` }, 'TL030', /more than a list of assignments/],
    [{ 4: `status = 'x' from pg_class` }, 'TL030', /more than a list of assignments/],
    [{ 4: `status = (select 'x')` }, 'TL030', /more than a list of assignments/],
    [{ 4: `status = old.status` }, 'TL030', /cannot use OLD/],
    [{ 4: `status = new.status` }, 'TL030', /more than a list of assignments/],
    [{ 4: `status = 'x' returning id` }, 'TL030', /RETURNING/],
    [{ 4: `status = 'x'; delete from calls.invitations` }, 'TL030', /more than a list/],
  ];
  await invite(sql, [60]);
  for (const [change, code, message] of wrong) {
    const error = await refusal(change);
    t.is(error.code, code, `${JSON.stringify(change)}: ${error.message}`);
    t.regex(error.message, message);
    t.truthy(error.hint, error.message);
  }
  t.is((await sql('select from calls.invitations')).length, 1);
  t.deepEqual(await sql('select name from tally.expiries'), []);
  t.deepEqual(
    await sql(`select from pg_class where relname like 'tally\\_%' and relnamespace in
    (select oid from pg_namespace where nspname like 'pg_temp%')`),
    [],
  );
});

test('a change that leaves the filter true is refused, by what it sets and by trying it', async (t) => {
  const { sql, refusal } = await refusing(t);
  const blind = await refusal({ 4: 'closed_at = now()' });
  t.is(blind.code, 'TL033');
  t.regex(blind.message, /it sets closed_at, and the filter looks at status/);
  const always = await refusal({ 3: 'true' });
  t.is(always.code, 'TL033');
  t.regex(always.message, /the filter looks at nothing/);
  await invite(sql, [60, 120]);
  const tried = await refusal({ 4: `status = lower('PENDING')` });
  t.is(tried.code, 'TL033');
  t.regex(tried.message, /2 still match the filter/);
  const failing = await refusal({ 4: `status = (1 / (receiver - 1))::text` });
  t.is(failing.code, 'TL030');
  t.regex(failing.message, /division by zero/);
});

test('a rule that turns out to leave a row due is stopped, and the row stays as it was', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create function public.reopen() returns trigger language plpgsql as $$
      begin new.status := 'pending'; return new; end $$;
    create trigger reopen before update on calls.invitations
      for each row execute function public.reopen()`);
  const [id] = await invite(sql, [-1]);
  t.is(await expireDue(sql), 0);
  t.deepEqual(await sql('select status, closed_at from calls.invitations where id = $1', [id]), [
    { status: 'pending', closed_at: null },
  ]);
  const said = await finding(sql, 'expiry call_invitations');
  t.is(said.status, 'fail');
  t.regex(said.detail, /^stopped: .*would be for ever/);
  t.true(said.detail.includes(`row (id)=(${id}) of calls.invitations was due again`), said.detail);
  const [work] = await sql<{ expired: number; next_due: Date | null }>(
    'select * from tally.work()',
  );
  t.is(work?.expired, 0);
  await sql('drop trigger reopen on calls.invitations');
  t.is(await expireDue(sql), 0, 'until somebody says that it was mended');
  await createRule(sql);
  t.is(await expireDue(sql), 1);
});

test('a rule whose row is set back after the change is stopped, too', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create function public.reopen() returns trigger language plpgsql as $$
      begin
        update calls.invitations set status = 'pending' where id = new.id;
        return null;
      end $$;
    create trigger reopen after update on calls.invitations for each row
      when (new.status = 'expired' and new.receiver = 3) execute function public.reopen()`);
  await invite(sql, [-1, -2]);
  // What its own transaction has put there is no sign of that.
  await sql(`begin; select tally.expire_due();
    insert into calls.invitations (expires_at) select now() from generate_series(1, 20);
    select tally.expire_due(5); select tally.expire_due(5); commit`);
  t.is(await expireDue(sql), 10);
  const [set] = await sql<{ id: string }>(
    `insert into calls.invitations (receiver, expires_at) values (2, now()), (3, now()), (4, now())
     returning (id + 1)::text as id`,
  );
  t.is(await expireDue(sql), 0);
  const said = await finding(sql, 'expiry call_invitations');
  t.regex(said.detail, /^stopped: .*would be for ever/);
  t.true(said.detail.includes(`row (id)=(${set?.id}) of`), said.detail);
});

test('a row that stops its rule is named by its whole key, or by its time where it has none', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create function public.reopen() returns trigger language plpgsql as $$
      begin if new.b = 'y, z' then new.open := true; end if; return new; end $$`);
  for (const [name, key] of [
    ['keyed', ', primary key (b, "A", due)'],
    ['bare', ''],
  ]) {
    await sql(`create table public.${name} ("A" int, b text, due timestamptz, open boolean ${key})
        partition by range (due);
      create table public.${name}_1 partition of public.${name} default;
      create trigger reopen before update on public.${name} for each row
        execute function public.reopen();
      select tally.create_expiry('${name}', 'public.${name}', 'due', 'open', 'open = false');
      insert into public.${name} select g, case g when 2 then 'y, z' else 'x' end,
        timestamptz '2026-01-01 00:00+00', true from generate_series(1, 3) g`);
  }
  t.is(await expireDue(sql), 0);
  t.regex(
    (await finding(sql, 'expiry keyed')).detail,
    /row \(b, "A", due\)=\(y, z, 2, 2026-01-01 00:00:00\+00\) of public\.keyed was due again/,
  );
  t.regex(
    (await finding(sql, 'expiry bare')).detail,
    /row \(due\)=\(2026-01-01 00:00:00\+00\) of public\.bare was due again/,
  );
});

test('a table with a rule for UPDATE is refused, and the rule is named', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.ruled (id int primary key, due timestamptz, open boolean)');
  const create = `select tally.create_expiry('ruled', 'public.ruled', 'due', 'open', 'open = false')`;
  for (const rule of [
    'instead nothing',
    'instead insert into public.other values (old.id) returning other.id, now(), false',
    'also insert into public.other values (old.id)',
  ]) {
    await sql(`create table if not exists public.other (id int);
      create or replace rule elsewhere as on update to public.ruled do ${rule}`);
    const refused = await failure(sql(create), rule);
    t.is(refused.code, 'TL030', rule);
    t.regex(refused.message, /public\.ruled has a rule for UPDATE \(elsewhere\)/, rule);
    t.regex(refused.hint ?? '', /drop rule elsewhere on public\.ruled;/, rule);
  }
  await sql(`drop rule elsewhere on public.ruled; ${create}`);
});

const OTHER_WRITERS: Record<string, string> = {
  'another rule': `select tally.create_expiry('a_reopen', 'calls.invitations', 'expires_at',
      $$status = 'asked'$$, $$status = 'pending'$$)`,
  'a trigger that writes the next one': `create function public.next() returns trigger
      language plpgsql as $$ begin
        insert into calls.invitations (expires_at, receiver)
        values (new.expires_at + interval '1 minute', 2);
        return null;
      end $$;
    create trigger next after update on calls.invitations for each row
      when (new.status = 'expired' and new.receiver = 1) execute function public.next()`,
  'the caller': '',
};

for (const [who, statement] of Object.entries(OTHER_WRITERS)) {
  test(`a rule goes on although due rows were written beside it by ${who}`, async (t) => {
    const { sql } = await testDatabase(t);
    await createInvitations(sql);
    await sql(statement);
    await sql(`insert into calls.invitations (expires_at, status)
      select now() - interval '1 day', s from unnest('{pending,pending,asked}'::text[]) s`);
    await sql(`begin;
      insert into calls.invitations (expires_at, receiver) values (now() - interval '1 hour', 2);
      select tally.expire_due(1); select tally.expire_due(2); commit`);
    while ((await expireDue(sql, 2)) > 0);
    t.is((await finding(sql, 'expiry call_invitations')).status, 'ok');
    t.deepEqual(await sql(`select from calls.invitations where status = 'pending'`), []);
  });
}

test('another definition under the same name is refused, the same is not', async (t) => {
  const { sql, refusal } = await refusing(t);
  await sql(CREATE, GOOD);
  await sql(CREATE, [...GOOD.slice(0, 3), `(status='pending')`, `status='expired'`]);
  const error = await refusal({ 4: `status = 'gone'` });
  t.is(error.code, 'TL002');
  t.regex(error.detail ?? '', /change status = 'expired'/);
});

test('a table that is not small is given no index meanwhile: the statement is named', async (t) => {
  const { sql, refusal } = await refusing(t);
  await sql(`insert into calls.invitations (expires_at, status)
    select now(), repeat('x', 100) from generate_series(1, 150000)`);
  const error = await refusal({});
  t.is(error.code, 'TL032');
  t.is(
    error.hint,
    `create index concurrently on calls.invitations (expires_at) where (status = 'pending'::text); then create the expiry again.`,
  );
  await sql(
    `create index concurrently on calls.invitations (expires_at) where (status = 'pending'::text)`,
  );
  await t.notThrowsAsync(sql(CREATE, GOOD));
});

test('who is not there, or has no right to it, is told so', async (t) => {
  const { sql, client } = await refusing(t);
  t.is((await failure(sql(`select tally.drop_expiry('nothing')`))).code, 'TL006');
  t.is((await failure(sql('select tally.expire_due(0)'))).code, 'TL034');
  t.is((await failure(sql('select tally.expire_due(null)'))).code, 'TL034');
  const role = roleName('dba');
  await sql(`create role ${role} in role tally_owner; grant usage on schema calls to ${role}`);
  t.teardown(() => sql(`drop owned by ${role}; drop role ${role}`));
  const other = sqlOf(await client());
  await other(`set role ${role}`);
  const error = await failure(other(CREATE, GOOD));
  t.is(error.code, 'TL007');
  t.regex(error.message, /does not own calls\.invitations/);
});

test('a member of the role that owns a table may create a rule, which runs as that role', async (t) => {
  const { sql, client } = await testDatabase(t);
  const owner = roleName('owner');
  const dba = roleName('dba');
  await sql(`create role ${owner}; create role ${dba} in role tally_owner, ${owner}`);
  t.teardown(() => sql(`drop owned by ${owner}, ${dba}; drop role ${owner}, ${dba}`));
  await sql(`create schema shop authorization ${owner};
    create table shop.offers (id int primary key, until timestamptz, open boolean default true, by text);
    alter table shop.offers owner to ${owner}`);
  const session = sqlOf(await client());
  await session(`set role ${dba}`);
  await session(`select tally.create_expiry('offers', 'shop.offers', 'until', 'open',
    'open = false, by = current_user')`);
  await session(`insert into shop.offers values (1, now())`);
  t.is(await expireDue(sql), 1);
  t.deepEqual(await sql('select by from shop.offers'), [{ by: owner }]);
  t.deepEqual(await sql(`select has_schema_privilege($1, 'tally', 'create') as may`, [owner]), [
    { may: false },
  ]);
  await session(`select tally.drop_expiry('offers')`);
});
