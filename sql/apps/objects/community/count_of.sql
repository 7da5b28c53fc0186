create or replace function community.count_of(p_name text, p_scope text) returns bigint
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- Of one counter in one scope; NULL where that cannot be shown now.
  select r.json::bigint from tally.read_topics(array[p_name], array[p_scope]) as r
$function$;

comment on function community.count_of(text, text) is
  'One counter in one scope; 0 where nothing was ever counted.';
