create or replace function community.first_of(p_list jsonb, p_n integer) returns jsonb
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
  select coalesce(jsonb_agg(e.entry order by e.pos), '[]')
  from jsonb_array_elements(p_list) with ordinality as e (entry, pos)
  where e.pos <= p_n
$function$;

comment on function community.first_of(jsonb, integer) is
  'The first n entries of a list.';
