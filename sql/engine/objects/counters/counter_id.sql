create or replace function tally.counter_id(name text)
returns bigint
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  -- Derived from the name, not drawn from a sequence: it means the same in every database.
  select ('x' || substr(md5(counter_id.name), 1, 16))::bit(64)::bigint
$function$;

comment on function tally.counter_id(text) is
  'The id of the counter of that name: the first 64 bits of its md5.';
