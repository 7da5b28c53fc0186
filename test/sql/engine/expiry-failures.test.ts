import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { finding, type Sql } from '../../helpers/engine.js';
import { expireDue } from '../../helpers/invitations.js';

/** Of these, what is not ok cannot expire. No autovacuum: places change when a test says so. */
async function createOffers(t: ExecutionContext): Promise<Sql> {
  const { sql } = await testDatabase(t);
  await sql(`create table public.offers (id int primary key, state text not null default 'open',
      due timestamptz not null, ok boolean not null,
      constraint is_ok check (ok or state <> 'expired')) with (autovacuum_enabled = false);
    select tally.create_expiry('offers', 'public.offers', 'due', $$state = 'open'$$,
      $$state = 'expired'$$)`);
  return sql;
}

/** Failed often: a record waits for as long as it can. */
async function failLong(sql: Sql): Promise<void> {
  await expireDue(sql);
  await sql(`update tally.expiry_failures
    set attempts = 9, again_at = clock_timestamp() + interval '4 minutes'`);
}

const stateOf = async (sql: Sql, id: number) =>
  (await sql<{ state: string }>(`select state from public.offers where id = ${id}`))[0]?.state;

const failed = (sql: Sql) =>
  sql(`select o.id, f.attempts from tally.expiry_failures f
    left join public.offers o on o.tableoid = f.relation and o.ctid = f.place
    order by o.id`);

test('a row that lies where a failed one lay falls due in time', async (t) => {
  const sql = await createOffers(t);
  await sql(`insert into public.offers values (1, 'open', now() - interval '1 second', false)`);
  await failLong(sql);
  await sql('delete from public.offers');
  await sql('vacuum public.offers');
  await sql(`insert into public.offers values (2, 'open', now(), true)`);
  t.deepEqual(
    await sql('select from public.offers o join tally.expiry_failures f on f.place = o.ctid'),
    [{}],
  );
  t.is(await expireDue(sql), 1);
  t.is(await stateOf(sql, 2), 'expired');
});

test('a row that CLUSTER moves to the place of one that failed falls due in time', async (t) => {
  const sql = await createOffers(t);
  // One transaction: xmin does not tell them apart.
  await sql(`insert into public.offers values
    (1, 'open', now() - interval '1 second', false), (2, 'open', now() - interval '1 second', true)`);
  await sql(`alter table public.offers add constraint later check (id <> 2 or state <> 'expired')`);
  await failLong(sql);
  await sql('alter table public.offers drop constraint later');
  await sql(`delete from tally.expiry_failures where place = '(0,2)'`);
  await sql('create index back on public.offers (id desc)');
  await sql('cluster public.offers using back');
  await expireDue(sql);
  t.is(await stateOf(sql, 2), 'expired');
});

test('a record goes once its row is gone, is put off or has expired, and others wait on', async (t) => {
  const sql = await createOffers(t);
  await sql(`insert into public.offers
    select n, 'open', now() - interval '1 second', false from generate_series(1, 4) n`);
  await failLong(sql);
  await sql(`insert into public.offers values (9, 'open', now() + interval '1 hour', true)`);
  await sql(`delete from public.offers where id = 1`);
  await sql(`update public.offers set due = now() + interval '2 hours' where id = 2`);
  await sql(`update public.offers set ok = true where id = 3`);
  t.is(await expireDue(sql), 1);
  t.deepEqual(await failed(sql), [{ id: 4, attempts: 9 }]);
  await sql('update tally.expiry_failures set again_at = clock_timestamp()');
  await expireDue(sql);
  t.deepEqual(await failed(sql), [{ id: 4, attempts: 10 }]);
  await sql('alter table public.offers drop constraint is_ok');
  await sql('update tally.expiry_failures set again_at = clock_timestamp()');
  t.is(await expireDue(sql), 1);
  t.deepEqual(await failed(sql), []);
  const [next] = await sql<{ is_real: boolean }>(
    `select tally.next_due() = (select due from public.offers where id = 9) as is_real`,
  );
  t.true(next?.is_real);
  t.is((await finding(sql, 'expiry offers')).status, 'ok');
});

for (const mode of ['access exclusive', 'share'] as const) {
  test(`a table that was locked for long, in ${mode} mode, is tried each second, and no row is blamed`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await sql(`create table public.offers (id int primary key, state text, due timestamptz);
      select tally.create_expiry('offers', 'public.offers', 'due', $$state = 'open'$$,
        $$state = 'expired'$$);
      insert into public.offers values (1, 'open', now()), (2, 'open', now())`);
    const holder = await client();
    await holder.query('begin');
    await holder.query(`lock table public.offers in ${mode} mode`);
    for (let tried = 1; tried <= 5; tried += 1) {
      t.is(await expireDue(sql), 0);
      await sql(`update tally.expiries set again_at = again_at - interval '1 second'`);
    }
    t.is(await expireDue(sql), 0);
    t.deepEqual(
      await sql(`select attempts, error ~ 'lock' as said,
        again_at <= clock_timestamp() + interval '1 second' as soon from tally.expiries`),
      [{ attempts: 6, said: true, soon: true }],
    );
    t.deepEqual(await sql('select place from tally.expiry_failures'), []);
    await holder.query('commit');
    await sql('update tally.expiries set again_at = clock_timestamp()');
    t.is(await expireDue(sql), 2);
    t.deepEqual(await sql('select attempts, error from tally.expiries'), [
      { attempts: 0, error: null },
    ]);
  });
}

test('a row whose lock cannot be had while rows are picked is no failure of its rule', async (t) => {
  const { sql } = await testDatabase(t);
  // What SKIP LOCKED may run into itself, when rows change in the moment they are looked at.
  await sql(`create sequence public.looks;
    create function public.is_open(state text) returns boolean language plpgsql immutable as $$
      begin
        if nextval('public.looks') <= current_setting('test.locked', true)::int then
          raise lock_not_available;
        end if;
        return state = 'open';
      end $$;
    create table public.bids (id int primary key, state text not null, due timestamptz not null)`);
  await sql(`select tally.create_expiry('bids', 'public.bids', 'due', 'public.is_open(state)',
    $$state = 'expired'$$)`);
  await sql(`insert into public.bids select n, 'open', now() from generate_series(1, 3) n`);
  const expire = async (locked: number) => {
    await sql('alter sequence public.looks restart');
    const [row] = await sql<{ n: string }>(
      `with s as materialized (select set_config('test.locked', '${locked}', true))
       select tally.expire_due(2) as n from s`,
    );
    return Number(row?.n);
  };
  t.is(await expire(2), 2);
  t.deepEqual(await sql('select error from tally.expiries'), [{ error: null }]);
  t.is(await expire(3), 0, 'what cannot be had three times is left for the next time');
  t.deepEqual(await sql('select error from tally.expiries'), [{ error: null }]);
  t.is(await expire(0), 1);
});

test('rows that could not be changed are not locked while what takes long is done', async (t) => {
  const sql = await createOffers(t);
  await sql(`insert into public.offers values (1, 'open', now(), false)`);
  await sql(`insert into tally.jobs (name, command, every) values ('long', 'select 1', '1 hour')`);
  const done = async () => (await sql('select expired, jobs from tally.work()'))[0];
  t.deepEqual(await done(), { expired: 0, jobs: 0 });
  t.is((await failed(sql)).length, 1);
  await sql(`update tally.expiry_failures set again_at = again_at + interval '4 minutes'`);
  t.deepEqual(await done(), { expired: 0, jobs: 1 });
});

test('nor is a rule that failed as a whole: who drops it does not wait for what takes long', async (t) => {
  const sql = await createOffers(t);
  await sql(`insert into public.offers values (1, 'open', now(), true)`);
  await sql('alter table public.offers rename column state to was');
  await sql(`insert into tally.jobs (name, command, every) values ('long', 'select 1', '1 hour')`);
  const done = async () => (await sql('select expired, jobs from tally.work()'))[0];
  t.deepEqual(await done(), { expired: 0, jobs: 0 });
  t.is((await sql('select from tally.expiries where attempts = 1')).length, 1);
  await sql(`update tally.expiries set again_at = again_at + interval '4 minutes'`);
  t.deepEqual(await done(), { expired: 0, jobs: 1 });
});
