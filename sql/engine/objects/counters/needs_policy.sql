create or replace function tally.needs_policy(source regclass)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- A policy is made under ACCESS EXCLUSIVE, a trigger under less: so know it before locking.
  select exists (select from tally.family(needs_policy.source) f
                 join pg_class c on c.oid = f
                 where c.relrowsecurity and tally.lacks_sight(f))
$function$;

comment on function tally.needs_policy(regclass) is
  'Whether row-level security must be opened for tally_owner before a source can be counted.';
