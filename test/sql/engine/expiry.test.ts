import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { finding, isExact, numbers, sqlOf } from '../../helpers/engine.js';
import {
  createInvitations,
  createRule,
  expireDue,
  invite,
  states,
} from '../../helpers/invitations.js';

test('rows whose time has come are changed, and counted, and no others', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await invite(sql, [-60, -1, 3600]);
  t.is(await expireDue(sql), 2);
  t.deepEqual(await states(sql), { expired: 2, pending: 1 });
  t.deepEqual(await numbers(sql, 'invitations'), {
    'invitations:expired': 2,
    'invitations:pending': 1,
  });
  t.is(await expireDue(sql), 0);
  await isExact(t, sql);
});

test('next_due is the time of the next row, also one that is late, and NULL when there is none', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  const nextIn = async () => {
    const [row] = await sql<{ s: string | null }>(
      `select extract(epoch from tally.next_due() - clock_timestamp())::text as s`,
    );
    return row?.s === null ? null : Number(row?.s);
  };
  t.is(await nextIn(), null);
  await invite(sql, [3600, 120]);
  const soon = (await nextIn()) ?? 0;
  t.true(soon > 100 && soon <= 120, String(soon));
  await invite(sql, [-5]);
  t.true(((await nextIn()) ?? 0) < 0);
  await expireDue(sql);
  t.true(((await nextIn()) ?? 0) > 100);
});

test('a batch is as large as it was asked for, and the rest is left for the next', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await invite(
    sql,
    Array.from({ length: 25 }, (_, i) => i - 100),
  );
  t.is(await expireDue(sql, 10), 10);
  const [oldest] = await sql<{ n: number }>(
    `select count(*)::int as n from calls.invitations
     where status = 'expired' and expires_at < clock_timestamp() - interval '89 seconds'`,
  );
  t.is(oldest?.n, 10, 'the longest overdue first');
  t.is(await expireDue(sql, 10), 10);
  t.is(await expireDue(sql, 10), 5);
  t.is(await expireDue(sql, 10), 0);
});

test('a row that somebody keeps locked is not waited for, and is changed when it is free', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  const [locked] = await invite(sql, [-3, -2, -1]);
  const holder = await client();
  await holder.query('begin');
  await holder.query('select from calls.invitations where id = $1 for update', [locked]);
  const worker = sqlOf(await client());
  await worker(`set statement_timeout = '5s'`);
  t.is(await expireDue(worker), 2);
  t.is(await expireDue(worker), 0);
  await holder.query('rollback');
  t.is(await expireDue(worker), 1);
  await isExact(t, sql);
});

test('a batch waits for what its triggers find locked once, and not again for each row', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create table calls.rooms (id integer primary key, n integer not null default 0);
    insert into calls.rooms values (1), (2);
    create function public.leave() returns trigger language plpgsql as $$
      begin update calls.rooms set n = n - 1 where id = new.receiver; return null; end $$;
    create trigger leave after update on calls.invitations for each row
      execute function public.leave();
    insert into calls.invitations (receiver, expires_at)
      select case when g = 401 then 2 else 1 end, now() - interval '1 hour' + g * interval '1 s'
      from generate_series(1, 401) g`);
  const holder = await client();
  await holder.query('begin');
  await holder.query('select from calls.rooms where id = 1 for update');
  const begun = performance.now();
  t.is(await expireDue(sql), 1, 'the one whose room is free, though it comes last');
  const took = performance.now() - begun;
  // Waiting 100 ms for each of them, it would be forty seconds.
  t.true(took < 20_000, `${took} ms`);
  const [setting] = await sql('show lock_timeout');
  t.deepEqual(setting, { lock_timeout: '0' });
  await holder.query('commit');
});

test('a row that is locked does not hide the one that falls due next', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  const [locked] = await invite(sql, [-30, 300]);
  const holder = await client();
  await holder.query('begin');
  await holder.query('select from calls.invitations where id = $1 for update', [locked]);
  const [work] = await sql<{ expired: number; s: string }>(
    `select expired, extract(epoch from next_due - clock_timestamp()) as s from tally.work()`,
  );
  t.is(work?.expired, 0);
  t.true(Number(work?.s) > 200, String(work?.s));
  await holder.query('rollback');
});

test('work that ran out of time says that more is due', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`insert into calls.invitations (expires_at)
    select now() - interval '1 second' from generate_series(1, 1500)`);
  const work = `select expired, next_due <= clock_timestamp() as more from tally.work('0')`;
  t.deepEqual(await sql(work), [{ expired: 1000, more: true }]);
  t.deepEqual(await sql(work), [{ expired: 500, more: false }]);
});

test('a row that is accepted meanwhile stays accepted', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  const [id] = await invite(sql, [-1]);
  const accepting = await client();
  await accepting.query('begin');
  await accepting.query(`update calls.invitations set status = 'accepted' where id = $1`, [id]);
  t.is(await expireDue(sql), 0);
  await accepting.query('commit');
  t.is(await expireDue(sql), 0);
  t.deepEqual(await states(sql), { accepted: 1 });
});

test('after an outage everything that fell due meanwhile is made up for by one tick', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`insert into calls.invitations (expires_at)
    select now() - n * interval '1 second' from generate_series(1, 5000) n`);
  await sql('call tally.tick()');
  t.deepEqual(await states(sql), { expired: 5000 });
  await isExact(t, sql);
});

test('a row that a constraint keeps from expiring holds up no other, and is tried again', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  await createRule(sql);
  await sql(
    `alter table calls.invitations add constraint vip check (receiver <> 7 or status <> 'expired')`,
  );
  await sql(`insert into calls.invitations (receiver, expires_at)
    select 5 + n % 3, now() - n * interval '1 second' from generate_series(1, 30) n`);
  t.is(await expireDue(sql), 20);
  t.is(await expireDue(sql), 0);
  const said = await finding(sql, 'expiry call_invitations');
  t.is(said.status, 'warn');
  t.regex(said.detail, /10 row\(s\) cannot be changed.*violates check constraint "vip"/);
  await invite(sql, [-1]);
  t.is(await expireDue(sql), 1);
  await sql('alter table calls.invitations drop constraint vip');
  await sql('update tally.expiry_failures set again_at = now()');
  t.is(await expireDue(sql), 10);
  t.is((await finding(sql, 'expiry call_invitations')).status, 'ok');
  await isExact(t, sql);
});

test('what is checked at the commit fails a row, not everything that is done with it', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  await sql(`create function public.no_sevens() returns trigger language plpgsql as $$
      begin
        if new.receiver = 7 then raise exception 'no sevens'; end if;
        return null;
      end $$;
    create constraint trigger no_sevens after update on calls.invitations
      deferrable initially deferred for each row execute function public.no_sevens()`);
  await createRule(sql);
  await sql(`insert into calls.invitations (receiver, expires_at)
    values (6, now() - interval '1 s'), (7, now() - interval '2 s'), (8, now() - interval '3 s')`);
  const [work] = await sql<{ expired: number }>('select expired from tally.work()');
  t.is(work?.expired, 2);
  t.deepEqual(await states(sql), { expired: 2, pending: 1 });
});

test('a rule that fails stops no other, and is tried again later and later', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create table public.a (id int primary key, due timestamptz, done boolean not null default false);
    select tally.create_expiry('a', 'public.a', 'due', 'not done', 'done = true');
    insert into public.a values (1, now());
    alter table public.a rename column done to gone`);
  await invite(sql, [-1]);
  const session = await client();
  const codes: (string | undefined)[] = [];
  session.on('notice', ({ code }) => codes.push(code));
  const [before] = await sql<{ at: string }>('select clock_timestamp()::text as at');
  t.is(await expireDue(sqlOf(session)), 1);
  t.deepEqual(codes, ['TL039']);
  const failures = () =>
    sql<{ error: string; attempts: number; later: boolean }>(
      `select error, attempts, again_at >= $1::timestamptz + interval '1 second' as later
       from tally.expiries where name = 'a'`,
      [before?.at],
    );
  const [failed] = await failures();
  t.regex(failed?.error ?? '', /column "done" does not exist/);
  t.like(failed, { attempts: 1, later: true });
  t.is((await finding(sql, 'expiry a')).status, 'fail');
  await sql(`update tally.expiries set again_at = now()`);
  await expireDue(sql);
  t.is((await failures())[0]?.attempts, 2);
  await sql('alter table public.a rename column gone to done');
  await sql(`update tally.expiries set again_at = now()`);
  t.is(await expireDue(sql), 1);
  t.is((await failures())[0]?.error, null as never);
  t.is((await finding(sql, 'expiry a')).status, 'ok');
});

test('a rule runs with the rights of the owner of the table', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.who (id int primary key, due timestamptz, done text)`);
  await sql(`select tally.create_expiry('who', 'public.who', 'due', 'done is null',
    $$done = current_user$$)`);
  const [function_] = await sql<{ owner: boolean; open: boolean }>(
    `select p.proowner = c.relowner as owner,
       has_function_privilege('public', p.oid, 'execute') as open
     from pg_proc p, pg_class c
     where p.proname = 'run_expiry_who' and c.oid = 'public.who'::regclass`,
  );
  t.deepEqual(function_, { owner: true, open: false });
  await sql(`insert into public.who values (1, now())`);
  t.is(await expireDue(sql), 1);
  t.deepEqual(
    await sql(`select w.done = c.relowner::regrole::text as is_owner from public.who w, pg_class c
      where c.oid = 'public.who'::regclass`),
    [{ is_owner: true }],
  );
});

test('columns may be called whatever the functions call their own', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.odd ("max_rows" int, "row" int primary key, "error" text, changed timestamptz,
    "tables" int, v_now timestamptz, v_rows int, "New" boolean default true, tally_value int, batch int)`);
  await sql(`select tally.create_expiry('odd', 'public.odd', 'v_now', '"New" and changed is null',
    'changed = v_now, "New" = false, "error" = odd.batch::text, max_rows = v_rows')`);
  await sql(
    `insert into public.odd ("row", v_now, v_rows, batch) values (1, now(), 5, 6), (2, null, 1, 1)`,
  );
  t.is(await expireDue(sql), 1);
  t.deepEqual(await sql('select "New", "error", max_rows from public.odd where "row" = 1'), [
    { New: false, error: '6', max_rows: 5 },
  ]);
});

test('rows of a partitioned table expire in whatever partition they are, and may change it', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.p (id int, at timestamptz, status text) partition by list (status);
    create table public.p_open partition of public.p for values in ('open');
    create table public.p_shut partition of public.p for values in ('shut', 'lost');
    select tally.create_counter('p', 'public.p', scope => 'status');
    select tally.create_expiry('p', 'public.p', 'at', $$status = 'open'$$, $$status = 'lost'$$);
    insert into public.p select n, now() - n * interval '1 s', 'open' from generate_series(1, 20) n;
    insert into public.p values (21, now() - interval '1 s', 'shut')`);
  t.is(await expireDue(sql, 15), 15);
  t.is(await expireDue(sql, 15), 5);
  t.deepEqual(await numbers(sql), { 'p:lost': 20, 'p:open': 0, 'p:shut': 1 });
  await isExact(t, sql);
});

test('dropping a rule leaves the table as it was', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  const shape = () =>
    sql(`select 'trigger' as kind, tgname::text as name from pg_trigger
         where tgrelid = 'calls.invitations'::regclass
         union all select 'index', indexrelid::regclass::text from pg_index
         where indrelid = 'calls.invitations'::regclass
         union all select 'function', proname from pg_proc where pronamespace = 'tally'::regnamespace
         order by 1, 2`);
  const before = await shape();
  await createRule(sql);
  t.is((await shape()).length, before.length + 4);
  await createRule(sql);
  await sql(`select tally.drop_expiry('call_invitations')`);
  t.deepEqual(await shape(), before);
  await invite(sql, [-1]);
  t.is(await expireDue(sql), 0);
});

test('an index that is there already is used, and stays when the rule goes', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql, { rule: false });
  await sql(`create index mine on calls.invitations (expires_at) where status = 'pending'`);
  await createRule(sql);
  const indexes = () =>
    sql<{ name: string }>(
      `select indexrelid::regclass::text as name from pg_index
       where indrelid = 'calls.invitations'::regclass and not indisprimary`,
    );
  t.deepEqual(await indexes(), [{ name: 'calls.mine' }]);
  await sql(`select tally.drop_expiry('call_invitations')`);
  t.deepEqual(await indexes(), [{ name: 'calls.mine' }]);
});

test('what is due is found by index, however many rows are not', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`insert into calls.invitations (expires_at, status)
    select now() - n * interval '1 second', 'expired' from generate_series(1, 20000) n`);
  await sql('analyze calls.invitations');
  await invite(sql, [-1, 3600]);
  const session = sqlOf(await client());
  // A scan of the table would read at least its pages.
  const [pages] = await sql<{ pages: number }>(
    `select (pg_relation_size('calls.invitations') / 8192)::int as pages`,
  );
  const reads = async () => {
    const [row] = await session<{ n: string }>(
      `select seq_tup_read + idx_tup_fetch as n from pg_stat_xact_all_tables
       where relid = 'calls.invitations'::regclass`,
    );
    return Number(row?.n);
  };
  await session('begin');
  await session('select tally.next_due()');
  await session('select tally.expire_due()');
  t.true((await reads()) < 50, `${await reads()} rows read, of a table of ${pages?.pages} pages`);
  await session('rollback');
});

test('rows that a BEFORE trigger leaves as they are hold up no other, and are told', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create function public.leave() returns trigger language plpgsql as $$
      begin return case when new.receiver = 2 then null else new end; end $$;
    create trigger leave before update on calls.invitations for each row
      execute function public.leave();
    insert into calls.invitations (receiver, expires_at)
      select 2, now() - interval '1 hour' from generate_series(1, 5)`);
  await invite(sql, [-3, -2, -1]);
  t.is(await expireDue(sql, 5), 0, 'the longest overdue are picked first');
  await sql(`update tally.expiry_failures set again_at = again_at + interval '4 minutes'`);
  t.is(await expireDue(sql, 5), 3);
  t.deepEqual(
    await sql(`select f.error, count(*)::int as n from tally.expiry_failures f
      join calls.invitations i on f.relation = i.tableoid and f.place = i.ctid and i.receiver = 2
      group by f.error`),
    [{ error: 'the UPDATE left it as it was: a BEFORE trigger returned NULL for it', n: 5 }],
  );
  const found = await finding(sql, 'expiry call_invitations');
  t.is(found?.status, 'warn');
  t.regex(found?.detail ?? '', /^5 row\(s\) cannot be changed/);
  await isExact(t, sql);
});

test('each row that cannot be changed is kept with its own reason', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.mixed (id integer primary key, due timestamptz, open boolean not null,
      constraint no3 check (open or id <> 3), constraint no5 check (open or id <> 5));
    create function public.leave() returns trigger language plpgsql as $$
      begin return case when new.id = 7 then null else new end; end $$;
    create trigger leave before update on public.mixed for each row execute function public.leave();
    insert into public.mixed select g, now() - g * interval '1 second', true from generate_series(1, 8) g;
    select tally.create_expiry('mixed', 'public.mixed', 'due', 'open', 'open = false')`);
  const session = await client();
  const said: string[] = [];
  session.on('notice', ({ message }) => said.push(message ?? ''));
  t.is(await expireDue(sqlOf(session)), 5);
  const kept = await sql<{ id: number; error: string }>(
    `select m.id, f.error from tally.expiry_failures f
     join public.mixed m on m.tableoid = f.relation and m.ctid = f.place order by m.id`,
  );
  t.deepEqual(
    kept.map(({ id, error }) => [id, /no3|no5|BEFORE trigger/.exec(error)?.[0]]),
    [
      [3, 'no3'],
      [5, 'no5'],
      [7, 'BEFORE trigger'],
    ],
  );
  t.is(said.length, 1);
  t.regex(
    said[0] ?? '',
    /3 row\(s\) of public\.mixed could not be changed, for 3 reasons, such as: /,
  );
});

test('work that finds nothing due writes nothing, so that its commit costs no write to the disk', async (t) => {
  const db = await testDatabase(t);
  await createInvitations(db.sql);
  await invite(db.sql, [3600]);
  await db.sql('call tally.tick()');
  t.deepEqual(await idsOf('tally.work()'), { isWritten: false });
  t.deepEqual(await idsOf('tally.expire_due()'), { isWritten: false });
  await invite(db.sql, [-5]);
  t.deepEqual(await idsOf('tally.work()'), { isWritten: true });

  async function idsOf(call: string) {
    const sql = sqlOf(await db.client());
    await sql('begin');
    await sql(`select ${call}`);
    const [row] = await sql<{ isWritten: boolean }>(
      `select pg_current_xact_id_if_assigned() is not null as "isWritten"`,
    );
    await sql('commit');
    return row;
  }
});
