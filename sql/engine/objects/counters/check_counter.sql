create or replace function tally.check_counter(
  name text, source regclass, audience text, ranked boolean
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whatever can be said of a declaration before its expressions are looked at.
  if name is null or name !~ '^[a-z][a-z0-9_]{0,62}$' then
    raise exception using errcode = 'TL001',
      message = format('counter name %s is not allowed', coalesce(quote_literal(name), 'null')),
      hint = 'A name begins with a to z and has up to 63 of a to z, 0 to 9 and _.';
  end if;
  if source is null then
    raise exception using errcode = 'TL003',
      message = format('counter "%s": no source is given', name),
      hint = 'Name the table whose rows are counted, as schema.table.';
  end if;
  if audience is null or audience !~ '^(private|public|owner|role:[A-Za-z0-9_.-]{1,63})$' then
    raise exception using errcode = 'TL005',
      message = format('counter "%s": audience %s is not known', name,
                       coalesce(quote_literal(audience), 'null')),
      hint = 'It is private, public, owner, or role:NAME.';
  end if;
  if ranked is null then
    raise exception using errcode = 'TL005',
      message = format('counter "%s": ranked is null', name),
      hint = 'ranked is true or false.';
  end if;
  if not pg_has_role('tally_owner', 'usage') then
    raise exception using errcode = 'TL007',
      message = format('role %I may not declare counters', current_user),
      hint = format('Whoever installed pgtally runs: grant tally_owner to %I;', current_user);
  end if;
  if not has_database_privilege(current_database(), 'temporary') then
    raise exception using errcode = 'TL007',
      message = format('role %I may not make temporary tables, which trying expressions takes',
                       current_user),
      hint = format('grant temporary on database %I to %I;', current_database(), current_user);
  end if;
  perform tally.check_source(source);
  if not (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = source) then
    raise exception using errcode = 'TL007',
      message = format('counter "%s": role %I does not own %s', name, current_user, source),
      hint = format('Declare it as %I, who does.',
                    (select c.relowner::regrole from pg_class c where c.oid = source));
  end if;
end
$function$;

comment on function tally.check_counter(text, regclass, text, boolean) is
  'Raises the error that names what is wrong with a declaration, its expressions aside.';
