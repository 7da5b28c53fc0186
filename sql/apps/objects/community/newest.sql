create or replace function community.newest(p_n integer, p_after text) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'projects', community.cards(coalesce(array_agg(n.id order by n.id desc), '{}')),
    'next', case when count(*) = p_n then 'n/' || min(n.id) end
  )
  from (
    select p.id from community.projects as p
    where p.id < coalesce(split_part(p_after, '/', 2)::bigint, 9223372036854775807)
    order by p.id desc
    limit p_n
  ) as n
$function$;

comment on function community.newest(integer, text) is
  'A page of the newest projects, and where the next begins.';
