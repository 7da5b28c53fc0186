create or replace function tally.backoff(attempts integer)
returns interval
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  -- After the first failure a second, then twice as long each time, up to five minutes.
  select least(interval '5 minutes', interval '1 second' * 2 ^ least(greatest(attempts - 1, 0), 10))
$function$;

comment on function tally.backoff(integer) is
  'How long after so many failures in a row a build, a fill or an expiry is tried again.';
