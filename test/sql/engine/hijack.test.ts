import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { isExact, sqlOf } from '../../helpers/engine.js';

/** What somebody may make who may create in a schema on the path: all that can be called there. */
const HOSTILE = `
  create schema evil;
  create function evil.caught(what pg_catalog.text) returns boolean language plpgsql as $$
    begin
      declare v_c pg_catalog.text; begin get diagnostics v_c = pg_context; raise exception 'hijacked: % as % at %', what, current_user, v_c; end;
    end $$;
  do $do$
  declare
    f record;
  begin
    for f in
      select p.proname, format_type(p.prorettype, null) as gives, p.proretset,
             (select string_agg(case when p.provariadic <> 0 and a.n = p.pronargs then 'variadic ' else '' end
                                || format_type(a.t, null), ', ' order by a.n)
              from unnest(p.proargtypes::oid[]) with ordinality a (t, n)) as takes
      from pg_proc p
      where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f'
        and not exists (select from pg_type t
                        where t.oid = any (p.proargtypes::oid[] || p.prorettype)
                          and t.typtype = 'p' and t.typname not in (
                            'record', 'anyarray', 'anyelement', 'anynonarray', 'anycompatible',
                            'anycompatiblearray', 'anycompatiblenonarray', 'void'))
    loop
      begin
        execute format('create function evil.%I(%s) returns %s %s language plpgsql as %L',
          f.proname, f.takes, case when f.proretset then 'setof' end, f.gives,
          format('begin perform evil.caught(%L); end', f.proname));
      exception when others then
        null;  -- a function that cannot be made here cannot be called either
      end;
    end loop;
    for f in
      select o.oprname, format_type(o.oprright, null) as y, format_type(o.oprresult, null) as gives,
             case when o.oprleft <> 0 then format_type(o.oprleft, null) end as x, o.oid
      from pg_operator o
      where o.oprnamespace = 'pg_catalog'::regnamespace
    loop
      execute format('create function evil.op_%s(%s) returns %s language plpgsql as %L',
        f.oid, concat_ws(', ', f.x, f.y), f.gives,
        format('begin perform evil.caught(%L); end', 'operator ' || f.oprname));
      execute format('create operator evil.%s (%s rightarg = %s, function = evil.op_%s)',
        f.oprname, 'leftarg = ' || f.x || ',', f.y, f.oid);
    end loop;
    for f in
      select t.typname from pg_type t
      where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and t.typelem = 0
    loop
      execute format('create domain evil.%1$I as pg_catalog.%1$I check (evil.caught(%1$L))', f.typname);
    end loop;
  end $do$`;

const WITHOUT_PATH = `
  select p.oid::regprocedure::text as name
  from pg_proc p
  where p.pronamespace = 'tally'::regnamespace and p.prokind in ('f', 'p')
    and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')
  order by 1`;

test('a function that pins no search_path is one of these, which say why and qualify all', async (t) => {
  const db = await testDatabase(t);
  const found = await db.sql<{ name: string }>(WITHOUT_PATH);
  t.deepEqual(
    found.map(({ name }) => name.replace(/\(.*/, '').replace('tally.', '')),
    [
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
      // One for each type of an amount.
      ...Array.from({ length: 7 }, () => 'whole'),
    ],
  );
});

test('nothing that stands first on the path of who declares is called, whatever its name', async (t) => {
  const db = await testDatabase(t);
  const dba = sqlOf(await db.client());
  await dba(`create table public.c (id int primary key, is_on boolean, kind text, n bigint, f float8,
                                    at timestamptz, note text);
    insert into public.c select i, i > 1, 'a', i, i, now() + interval '1 hour', 'x' from generate_series(1, 3) i;
    create table public.r (like public.c including all);
    create function public.doc(scope text) returns jsonb language sql
      as $$ select pg_catalog.to_jsonb(scope) $$`);
  await dba(HOSTILE);
  await dba('set search_path = evil, pg_catalog');

  await dba(
    `select tally.create_counter('scoped', 'public.c', filter => 'is_on', scope => 'kind', amount => 'n')`,
  );
  await dba(`select tally.create_counter('floats', 'public.c', amount => 'f')`);
  await dba(`select tally.create_summary('doc', 'public.doc')`);
  await dba(`select tally.watch('doc', 'public.c', 'kind', 'is_on')`);
  await dba(`select tally.create_expiry('late', 'public.c', 'at', 'is_on', 'is_on = false')`);
  await dba(`select tally.create_retention('old', 'public.r', 'at', interval '7 days', 'is_on')`);
  await dba('call tally.tick()');
  await dba('call tally.cron()');
  await dba(`select tally.whole(1.5), tally.whole(1.5e0::double precision),
                    tally.change('a', 'b', 5), tally.change('a', 'b', 1e30)`);
  await dba('set extra_float_digits = 2');
  await dba(`select tally.restore_settings('{"lock_timeout": "5s"}')`);
  await dba(`select tally.restore_settings(tally.session_settings())`);
  await dba('set search_path = evil, pg_catalog');
  await dba(
    `select tally.unwatch('doc', 'public.c'), tally.drop_expiry('late'), tally.drop_retention('old')`,
  );

  await isExact(t, db.sql);
});

test('an operator for names, where everybody may create, does not run as who declares', async (t) => {
  const db = await testDatabase(t);
  const dba = sqlOf(await db.client());
  await dba(`create table public.hj (id bigint, a bigint);
    create function public.evil_cat(name[], name[]) returns name[] language plpgsql as $$
      begin raise exception 'hijacked as %', current_user; end $$;
    create operator public.|| (leftarg = name[], rightarg = name[], function = public.evil_cat);
    create function public.evil_eq(oid, regclass) returns boolean language plpgsql as $$
      begin raise exception 'hijacked as %', current_user; end $$;
    create operator public.= (leftarg = oid, rightarg = regclass, function = public.evil_eq);
    create function public.doc(scope text) returns jsonb language sql as $$ select to_jsonb(scope) $$`);

  await t.notThrowsAsync(
    dba(`select tally.create_counter('hj', 'public.hj', filter => 'id>1', amount => 'a')`),
  );
  await dba(`select tally.create_summary('doc', 'public.doc')`);
  await t.notThrowsAsync(dba(`select tally.watch('doc', 'public.hj', 'a::text', 'id > 1')`));
});
