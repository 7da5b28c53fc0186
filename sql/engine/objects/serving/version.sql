create or replace function tally.version()
returns text
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  select '0.1.0'
$function$;

comment on function tally.version() is
  'The release whose engine this is. A server asks, so as not to serve another one''s.';
