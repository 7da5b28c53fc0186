create or replace function community.count_of(p_name text, p_scope text) returns bigint
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Of one counter in one scope; NULL where that cannot be shown now.
  return (tally.values_of(array[p_name], array[p_scope]))[1];
end
$function$;

comment on function community.count_of(text, text) is
  'One counter in one scope; 0 where nothing was ever counted.';
