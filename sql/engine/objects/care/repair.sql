create or replace function tally.repair(name text default null, dry_run boolean default false)
returns table (name text, scope text, counted numeric, actual numeric)
language sql
volatile
security definer  -- recounts with the sight that create_counter gave to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
  select d.name, d.scope, d.counted, d.actual from tally.mend_differences($1, $2) d
$function$;

comment on function tally.repair(text, boolean) is
  'Makes one counter, or all, agree with their rows again; returns what differed. With dry_run it '
  'changes nothing.';
