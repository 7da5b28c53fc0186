-- WRITES. Makes the two roles, which belong to the cluster and are not in a dump of one database,
-- and gives tally_owner what is in schema tally, if that is there.
-- Run it as a superuser, or a role with CREATEROLE, before pg_restore into another cluster; or
-- afterwards, where a dump was restored without them (then
-- `pgtally migrate --engine-only`, which runs it too and puts the grants back). Again does no harm.
-- Then grant the roles: tally_owner to the DBAs who declare counters, tally_server to the role that
-- `pgtally pulse` logs in as.

do $block$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tally_owner') then
    create role tally_owner nologin;
    comment on role tally_owner is
      'pgtally: owns schema tally. DBAs who declare counters are members of it.';
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'tally_server') then
    create role tally_server nologin;
    comment on role tally_server is
      'pgtally: what a server needs and no more. Grant it to the role the server logs in as.';
  end if;
  -- Whoever restores must be able to give objects to tally_owner.
  begin
    set local role tally_owner;
    reset role;
  exception when insufficient_privilege then
    execute pg_catalog.format('grant tally_owner to %I', current_user);
  end;
end
$block$;

do $block$
declare
  v_change text;
begin
  for v_change in
    select pg_catalog.format('alter schema tally owner to tally_owner')
    from pg_catalog.pg_namespace n
    where n.nspname = 'tally' and n.nspowner <> 'tally_owner'::pg_catalog.regrole
    union all
    select pg_catalog.format('alter %s tally.%I owner to tally_owner',
             case c.relkind when 'v' then 'view' else 'table' end, c.relname)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'tally' and c.relkind in ('r', 'v')
      and c.relowner <> 'tally_owner'::pg_catalog.regrole
    union all
    select pg_catalog.format('alter routine %s owner to tally_owner', p.oid::pg_catalog.regprocedure)
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'tally' and p.proowner <> 'tally_owner'::pg_catalog.regrole
  loop
    execute v_change;
  end loop;
end
$block$;

select r.rolname as role, pg_catalog.pg_has_role(r.oid, 'usage') as mine,
       (select pg_catalog.string_agg(u.rolname, ', ' order by u.rolname)
        from pg_catalog.pg_auth_members m
        join pg_catalog.pg_roles u on u.oid = m.member
        where m.roleid = r.oid) as members
from pg_catalog.pg_roles r
where r.rolname in ('tally_owner', 'tally_server')
order by r.rolname;
