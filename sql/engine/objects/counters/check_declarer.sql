create or replace function tally.check_declarer(act text, tries boolean default true)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if not pg_has_role('tally_owner', 'usage') then
    raise exception using errcode = 'TL007',
      message = format('role %I may not %s', current_user, act),
      hint = format('Whoever installed pgtally runs: grant tally_owner to %I;', current_user);
  end if;
  if tries and not has_database_privilege(current_database(), 'temporary') then
    raise exception using errcode = 'TL007',
      message = format('role %I may not make temporary tables, which trying expressions takes',
                       current_user),
      hint = format('grant temporary on database %I to %I;', current_database(), current_user);
  end if;
end
$function$;

comment on function tally.check_declarer(text, boolean) is
  'Raises TL007 for a role that may not declare anything, or not what has expressions to be tried.';
