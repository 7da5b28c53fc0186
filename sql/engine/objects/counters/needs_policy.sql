create or replace function tally.needs_policy(source regclass)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A policy is made under ACCESS EXCLUSIVE, a trigger under less: so know it before locking.
  perform tally.check_sight(f) from tally.family(needs_policy.source) f
  join pg_class c on c.oid = f
  where c.relrowsecurity and has_table_privilege('tally_owner', f, 'select');
  return exists (select from tally.family(needs_policy.source) f
                 join pg_class c on c.oid = f
                 where c.relrowsecurity and not has_table_privilege('tally_owner', f, 'select'));
exception when sqlstate 'TL011' then
  return true;
end
$function$;

comment on function tally.needs_policy(regclass) is
  'Whether row-level security must be opened for tally_owner before a source can be counted.';
