create or replace function community.first_of(p_list jsonb, p_n integer) returns jsonb
  language plpgsql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  return coalesce(
    jsonb_path_query_array(p_list, '$[0 to $last]', jsonb_build_object('last', p_n - 1)), '[]'
  );
end
$function$;

comment on function community.first_of(jsonb, integer) is
  'The first n entries of a list.';
