-- The two roles and the schema. Roles belong to the whole cluster: another database
-- may have made them already, so each step here looks first.

do $roles$
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

  -- Whoever installs must be able to act as tally_owner. A superuser is already; anybody
  -- else with CREATEROLE may grant it to himself, which PostgreSQL 16 and later ask for.
  begin
    set local role tally_owner;
    reset role;
    if not pg_catalog.pg_has_role(current_user, 'tally_owner', 'usage') then
      raise insufficient_privilege;
    end if;
  exception when insufficient_privilege then
    begin
      execute pg_catalog.format('grant tally_owner to %I', current_user);
    exception when insufficient_privilege then
      raise exception using errcode = 'TL007',
        message = pg_catalog.format('role %I may not act as tally_owner', current_user),
        hint = pg_catalog.format('The role that made tally_owner runs: grant tally_owner to %I;',
                                 current_user);
    end;
  end;

  if not pg_catalog.has_database_privilege(current_user, pg_catalog.current_database(), 'create')
  then
    raise exception using errcode = 'TL007',
      message = pg_catalog.format('role %I may not create a schema in database %I',
                                  current_user, pg_catalog.current_database()),
      hint = pg_catalog.format('Its owner runs: grant create on database %I to %I;',
                               pg_catalog.current_database(), current_user);
  end if;
end
$roles$;

create schema tally authorization tally_owner;
comment on schema tally is
  'pgtally: counters and summaries that Postgres keeps, and announces on channel tally.';
