create or replace function community.own_projects(p_user uuid, p_n integer) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  return community.cards(array(
    select p.id from community.projects as p
    where p.owner_id = p_user
    order by p.id desc
    limit p_n
  ));
end
$function$;

comment on function community.own_projects(uuid, integer) is
  'Somebody''s newest projects.';
