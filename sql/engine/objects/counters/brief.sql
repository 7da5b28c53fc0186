create or replace function tally.brief(message text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- What failed and why stand at its two ends: where an error goes through many hands, each puts
  -- its own words before it.
  select case when length(message) <= 500 then message
              else left(message, 300) || ' … ' || right(message, 197) end
$function$;

comment on function tally.brief(text) is
  'An error as it is kept and passed on: whole up to 500 characters, its two ends where it is '
  'longer.';
