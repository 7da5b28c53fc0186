-- WRITES: takes pgtally out of this database, with all counters and their numbers. The counted
-- tables and their rows stay as they are; what create_counter put on them goes: triggers, the
-- policy tally_reads_all, the right of tally_owner to read them; and indexes of create_expiry.
-- `pgtally migrate --engine-only` installs it again, and without the flag the bundled applications too.
--
-- Run it as a superuser, or as a member of tally_owner who owns the counted tables and schema
-- tally_migrations. Stop `pgtally pulse` and cron jobs first. Views that read tally stop it, and
-- are named; functions that call it are not found, and fail when they are called.
-- Dropping a trigger locks its table against everybody for a moment: it waits 5 s for that and then
-- gives up with nothing changed; who-blocks.sql shows who is in the way.
--
-- The roles stay: other databases of the cluster may use them. If none does, afterwards:
--   drop owned by tally_owner, tally_server;  drop role tally_owner, tally_server;

begin;
set local lock_timeout = '5s';
set local client_min_messages = warning;

do $block$
declare
  v_others  text;
  v_table   record;
  v_trigger record;
begin
  if pg_catalog.to_regnamespace('tally') is null then
    raise exception 'there is no schema tally in database %', pg_catalog.current_database();
  end if;

  -- CASCADE would take an application's view of tally.counters along.
  with ours as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass as class, c.oid
    from pg_catalog.pg_class c where c.relnamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid
    from pg_catalog.pg_proc p where p.pronamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid
    from pg_catalog.pg_type t where t.typnamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid
    from pg_catalog.pg_rewrite r
    join pg_catalog.pg_class c on c.oid = r.ev_class and c.relnamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid
    from pg_catalog.pg_attrdef d
    join pg_catalog.pg_class c on c.oid = d.adrelid and c.relnamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    from pg_catalog.pg_constraint k where k.connamespace = 'tally'::regnamespace
    union all
    select 'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid
    from pg_catalog.pg_trigger g  -- on whichever table, if it calls a function of tally
    join pg_catalog.pg_proc p on p.oid = g.tgfoid and p.pronamespace = 'tally'::regnamespace
  )
  select pg_catalog.string_agg(distinct pg_catalog.pg_describe_object(d.classid, d.objid, 0), ', ')
  into v_others
  from pg_catalog.pg_depend d
  join ours o on o.class = d.refclassid and o.oid = d.refobjid
  where d.deptype = 'n'
    and not exists (select from ours m where m.class = d.classid and m.oid = d.objid);
  if v_others is not null then
    raise exception 'schema tally is used by %', v_others
      using hint = 'Drop or change these first: nothing was changed.';
  end if;

  for v_trigger in
    select t.tgname, t.tgrelid::regclass as relation
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    where p.pronamespace = 'tally'::regnamespace and c.relnamespace <> 'tally'::regnamespace
      and not t.tgisinternal and t.tgparentid = 0  -- copies go with the one on the root
    order by t.tgrelid::regclass::text, t.tgname
  loop
    execute pg_catalog.format('drop trigger %I on %s', v_trigger.tgname, v_trigger.relation);
  end loop;

  -- What create_expiry made where no index served it. Without that table there are none.
  if pg_catalog.to_regclass('tally.expiries') is not null then
    for v_table in
      execute 'select pg_catalog.format(''%s.%I'', c.relnamespace::regnamespace, e.made_index) as name
               from tally.expiries e join pg_catalog.pg_class c on c.oid = e.source
               where e.made_index is not null'
    loop
      execute pg_catalog.format('drop index if exists %s', v_table.name);
    end loop;
  end if;

  for v_table in
    select p.polrelid::regclass as relation
    from pg_catalog.pg_policy p
    where p.polname = 'tally_reads_all'
  loop
    execute pg_catalog.format('drop policy tally_reads_all on %s', v_table.relation);
  end loop;

  for v_table in
    select c.oid::regclass as relation
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname not in ('tally', 'tally_migrations') and c.relkind in ('r', 'p')
      and exists (select from pg_catalog.aclexplode(c.relacl) x
                  where x.grantee = 'tally_owner'::regrole and x.privilege_type = 'SELECT'
                    and c.relowner <> x.grantee)
  loop
    execute pg_catalog.format('revoke select on table %s from tally_owner', v_table.relation);
  end loop;
end
$block$;

drop schema tally cascade;
drop schema if exists tally_migrations cascade;

do $block$
declare
  v_schema record;
begin
  -- The right to look into a schema, where nothing in it is tally_owner's to read any more.
  for v_schema in
    select n.nspname
    from pg_catalog.pg_namespace n
    cross join lateral pg_catalog.aclexplode(n.nspacl) x
    where x.grantee = 'tally_owner'::regrole and n.nspowner <> x.grantee
      and x.privilege_type = 'USAGE'
      and not exists (
        select from pg_catalog.pg_class c
        cross join lateral pg_catalog.aclexplode(c.relacl) y
        where c.relnamespace = n.oid and y.grantee = 'tally_owner'::regrole)
  loop
    execute pg_catalog.format('revoke usage on schema %I from tally_owner', v_schema.nspname);
  end loop;
end
$block$;

commit;

select case when pg_catalog.to_regnamespace('tally') is null
            then 'pgtally is out of database ' || pg_catalog.current_database()
            else 'nothing was changed: see the error' end as uninstalled;
