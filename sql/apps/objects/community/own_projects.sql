create or replace function community.own_projects(p_user uuid, p_n integer) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select community.cards(coalesce(array_agg(p.id order by p.id desc), '{}'))
  from (
    select o.id from community.projects as o
    where o.owner_id = p_user
    order by o.id desc
    limit p_n
  ) as p
$function$;

comment on function community.own_projects(uuid, integer) is
  'Somebody''s newest projects.';
