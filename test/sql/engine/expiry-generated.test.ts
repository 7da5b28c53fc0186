import test from 'ava';
import { engineDatabase } from '../../helpers/cluster.js';
import { testDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';
import { finding, type Sql } from '../../helpers/engine.js';

async function createRules(sql: Sql): Promise<void> {
  await sql(`create table public.t (id int primary key, at timestamptz not null, open boolean);
    create table public.r (t int references public.t (id));
    create table public.p (at date not null, open boolean) partition by range (at);
    select tally.create_expiry('t', 'public.t', 'at', 'open', 'open = false');
    select tally.create_expiry('p', 'public.p', $$at::timestamp at time zone 'UTC'$$, 'open', 'open = null');
    select tally.create_retention('t', 'public.t', 'at', '1 day', 'not open');
    select tally.create_retention('p', 'public.p', 'at', '1 day', on_drop => 'keep');
    select tally.ensure_partitions('public.p')`);
}

const GENERATED = `p.pronamespace = 'tally'::regnamespace
  and p.proname ~ '^(run_expiry|next_expiry|run_retention|drop_partitions|make_partition)_'`;

test('plpgsql_check finds nothing wrong with what rules generate', async (t) => {
  const server = await debian15(t, { extension: 'plpgsql_check' });
  if (server === undefined) return;
  const db = await engineDatabase(t, server.url);
  await db.sql('create extension plpgsql_check');
  await createRules(db.sql);
  const found = await db.sql(
    `select p.proname, c.level, c.message from pg_proc p
     cross join lateral plpgsql_check_function_tb(p.oid) c
     where ${GENERATED} and c.level <> 'warning extra'
       and c.message !~ 'never read|maybe unmodified|unused'`,
  );
  t.deepEqual(found, []);
});

test('what rules generate pins its settings, has a comment, and is closed to the public', async (t) => {
  const db = await testDatabase(t);
  await createRules(db.sql);
  const generated = await db.sql<{ open: boolean }>(
    `select p.oid::regprocedure::text as function, p.prosecdef as definer,
       has_function_privilege('public', p.oid, 'execute') as open,
       has_function_privilege('tally_owner', p.oid, 'execute') as ours,
       obj_description(p.oid, 'pg_proc') is not null as said,
       'search_path=pg_catalog, pg_temp' = any (p.proconfig) and 'row_security=off' = any (p.proconfig)
         and 'lock_timeout=100ms' = any (p.proconfig) as pinned
     from pg_proc p where ${GENERATED} order by 1`,
  );
  t.is(generated.length, 10);
  for (const one of generated) {
    t.like(one, { definer: true, open: false, ours: true, said: true, pinned: true });
  }
});

test('two rules whose names differ late have functions of their own', async (t) => {
  const { sql } = await testDatabase(t);
  const long = 'a'.repeat(62);
  await sql(
    'create table public.t (id int primary key, at timestamptz, open boolean default true)',
  );
  for (const end of ['b', 'c']) {
    await sql(`select tally.create_expiry($1, 'public.t', 'at', $2, 'open = false')`, [
      long + end,
      end === 'b' ? 'open' : 'open and id > 0',
    ]);
  }
  await sql('insert into public.t values (1, now()), (-1, now())');
  t.is((await sql<{ n: string }>('select tally.expire_due() as n'))[0]?.n, '2');
  for (const end of ['b', 'c']) await sql('select tally.drop_expiry($1)', [long + end]);
  t.deepEqual(await sql(`select from pg_proc p where ${GENERATED}`), []);
});

test('what another version generated for rules is written anew by tally.attach', async (t) => {
  const { sql } = await testDatabase(t);
  await createRules(sql);
  t.deepEqual(await sql('select * from tally.attach()'), []);
  const bodies = () =>
    sql(`select p.oid::regprocedure::text as function, p.prosrc, p.proconfig::text,
        obj_description(p.oid, 'pg_proc') as said
      from pg_proc p where ${GENERATED}
      union all
      select t.tgname::text, pg_get_triggerdef(t.oid), null, obj_description(t.oid, 'pg_trigger')
      from pg_trigger t where t.tgname ~ '^_600_tally_due' and t.tgparentid = 0
      order by 1`);
  const before = await bodies();
  t.is(before.length, 12);
  await sql(`update tally.expiries set made_by = 'another'; update tally.retentions set made_by = null;
    update tally.partitionings set made_by = 'another'`);
  t.is((await finding(sql, 'retention t')).status, 'warn');
  t.is((await finding(sql, 'expiry t')).status, 'warn');
  await sql(`do $$ declare f regprocedure; begin
      for f in select p.oid from pg_proc p where ${GENERATED} loop
        execute format('drop function %s', f);
      end loop; end $$;
    create function tally.run_retention_t(cutoff timestamptz, max_rows integer, out gone bigint)
      language sql as 'select 1::bigint'`);
  t.deepEqual(
    (await sql<{ attached: string }>('select attached from tally.attach()')).map((a) => a.attached),
    [
      'functions of expiry p',
      'functions of expiry t',
      'functions that make partitions',
      'functions of retention p',
      'functions of retention t',
    ],
  );
  t.deepEqual(await bodies(), before);
  t.is((await finding(sql, 'retention t')).status, 'ok');
  t.is((await finding(sql, 'expiry t')).status, 'ok');
  t.deepEqual(await sql('select * from tally.attach()'), []);
});
