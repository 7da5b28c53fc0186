import test from 'ava';
import { engineDatabase } from '../../helpers/cluster.js';
import { testDatabase } from '../../helpers/database.js';
import { debian15 } from '../../helpers/debian.js';

const COUNTERS = `
  create table public.t (id int, k text, at timestamptz);
  create table public.u (id int);
  select tally.create_counter('scoped', 'public.t', 'id > 0', 'k', 'id');
  select tally.create_counter('timed', 'public.t', scope => 'at::date');
  select tally.create_counter('plain', 'public.u');
  select tally.create_counter('sum', 'public.u', 'id > 1', amount => 'id')`;

const SUMMARIES = `
  create table public.parts (id int, k text, at timestamptz) partition by list (k);
  create function public.doc(scope text) returns jsonb language sql as $$ select to_jsonb(scope) $$;
  select tally.create_summary('doc', 'public.doc');
  select tally.watch('doc', 'public.t', 'k', 'id > 0');
  select tally.watch('doc', 'public.u');
  select tally.watch('doc', 'public.parts', 'at::date::text')`;

/** What plpgsql_check warns of and is right by design, with the reason. */
const ACCEPTED: readonly RegExp[] = [
  // The contract names the column of tally.doctor() so.
  /name of parameter "check" is reserved keyword/,
  // What a dynamic query returns is only known when it runs; plan and rows are checked by the tests.
  /OUT variable "\w+" is maybe unmodified cannot to determine result of dynamic SQL/,
  // An empty literal as the value a variable starts with, read once.
  /cast "text" value to "(bigint\[\]|jsonb)" type/,
];

test('plpgsql_check finds nothing wrong with any function, the generated ones too', async (t) => {
  const server = await debian15(t, { extension: 'plpgsql_check' });
  if (server === undefined) return;
  const db = await engineDatabase(t, server.url);
  await db.sql('create extension plpgsql_check');
  await db.sql(COUNTERS);
  await db.sql(SUMMARIES);
  const found = await db.sql<{ function: string; message: string; level: string }>(
    `with functions as (
       select p.oid, p.proname::text as name, p.prorettype = 'trigger'::regtype as is_trigger
       from pg_proc p join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
       where p.pronamespace = 'tally'::regnamespace
     ), targets as (
       select f.oid, f.name, t.relation, t.old_table, t.new_table
       from functions f
       cross join lateral (
         select 0::oid as relation, null::name as old_table, null::name as new_table
         where not f.is_trigger
         union all
         select g.tgrelid, g.tgoldtable, g.tgnewtable from pg_trigger g
         where f.is_trigger and g.tgfoid = f.oid
       ) t
     )
     select x.name as function, c.level, concat_ws(' ', c.message, c.detail) as message
     from targets x
     cross join lateral plpgsql_check_function_tb(x.oid, x.relation,
       oldtable => x.old_table, newtable => x.new_table) c`,
  );
  const problems = found.filter(
    ({ message }) => !ACCEPTED.some((accepted) => accepted.test(message)),
  );
  t.deepEqual(problems, []);
  const [checked] = await db.sql<{ triggers: number }>(
    `select count(distinct g.tgfoid)::int as triggers from pg_trigger g
     join pg_proc p on p.oid = g.tgfoid where p.proname like 'count\\_%'`,
  );
  t.is(checked?.triggers, 7, 'three for each table, and the one for TRUNCATE');
});

/** Functions without a search_path of their own, each for the reason in its file. */
const UNPINNED = [
  'bounded',
  'change',
  'compile_change',
  'compile_expression',
  'compile_rule',
  'create_counter',
  'create_expiry',
  'create_retention',
  'create_summary',
  'cron',
  'may_have_moves',
  'restore_settings',
  'session_settings',
  'tick',
  'watch',
  'whole',
];

test('every function pins its search_path, but for the few that say why not', async (t) => {
  const db = await testDatabase(t);
  await db.sql(COUNTERS);
  const unpinned = await db.sql<{ name: string }>(
    `select distinct p.proname::text as name from pg_proc p
     where p.pronamespace = 'tally'::regnamespace
       and not exists (select from unnest(p.proconfig) c
                       where c in ('search_path=pg_catalog, pg_temp', 'search_path=pg_catalog'))
     order by 1`,
  );
  t.deepEqual(
    unpinned.map(({ name }) => name),
    UNPINNED,
  );
  const definers = await db.sql(
    `select p.proname from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and p.prosecdef and p.proconfig is null`,
  );
  t.deepEqual(definers, []);
});

test('every object has a comment for the DBA who meets it', async (t) => {
  const db = await testDatabase(t);
  await db.sql(COUNTERS);
  const silent = await db.sql<{ object: string }>(
    `select p.oid::regprocedure::text as object from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and obj_description(p.oid, 'pg_proc') is null
     union all
     select c.oid::regclass::text from pg_class c
     where c.relnamespace = 'tally'::regnamespace and c.relkind in ('r', 'v')
       and obj_description(c.oid, 'pg_class') is null
     union all
     select t.tgrelid::regclass || ' ' || t.tgname from pg_trigger t
     join pg_class c on c.oid = t.tgrelid and c.relnamespace = 'tally'::regnamespace
     where not t.tgisinternal and obj_description(t.oid, 'pg_trigger') is null
     union all
     select 'schema tally' where obj_description('tally'::regnamespace, 'pg_namespace') is null
     union all
     select 'settings.' || a.attname from pg_attribute a
     where a.attrelid = 'tally.settings'::regclass and a.attnum > 0
       and col_description(a.attrelid, a.attnum) is null
     union all
     select r.rolname from pg_roles r
     where r.rolname in ('tally_owner', 'tally_server') and shobj_description(r.oid, 'pg_authid') is null
     order by 1`,
  );
  t.deepEqual(silent, []);
});

test('everything in the schema belongs to tally_owner', async (t) => {
  const db = await testDatabase(t);
  await db.sql(COUNTERS);
  const others = await db.sql(
    `select p.oid::regprocedure::text as object, p.proowner::regrole::text as owner from pg_proc p
     where p.pronamespace = 'tally'::regnamespace and p.proowner <> 'tally_owner'::regrole
     union all
     select c.oid::regclass::text, c.relowner::regrole::text from pg_class c
     where c.relnamespace = 'tally'::regnamespace and c.relowner <> 'tally_owner'::regrole`,
  );
  t.deepEqual(others, []);
});
