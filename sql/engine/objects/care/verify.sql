create or replace function tally.verify(name text default null)
returns table (name text, scope text, counted numeric, actual numeric)
language sql
volatile
security definer  -- recounts with the sight that create_counter gave to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
  select d.name, d.scope, d.counted, d.actual from tally.find_differences($1) d
$function$;

comment on function tally.verify(text) is
  'Recounts one counter, or all, and returns each difference. No row means exact.';
