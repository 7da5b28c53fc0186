-- WRITES. Makes the two roles, which belong to the cluster and are not in a dump of one database.
-- Run it as a superuser, or a role with CREATEROLE, before pg_restore into another cluster; again
-- does no harm. Then grant them: tally_owner to the DBAs who declare counters, tally_server to the
-- role that `pgtally pulse` logs in as.

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

select r.rolname as role, pg_catalog.pg_has_role(r.oid, 'usage') as mine,
       (select pg_catalog.string_agg(u.rolname, ', ' order by u.rolname)
        from pg_catalog.pg_auth_members m
        join pg_catalog.pg_roles u on u.oid = m.member
        where m.roleid = r.oid) as members
from pg_catalog.pg_roles r
where r.rolname in ('tally_owner', 'tally_server')
order by r.rolname;
