create or replace function community.person(p_user uuid) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object('id', u.id, 'name', u.name) from accounts.users as u where u.id = p_user
$function$;

comment on function community.person(uuid) is
  'Somebody''s id and name.';
