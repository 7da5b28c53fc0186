create or replace function community.create_project(
  p_me uuid, p_title text, p_description text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_id bigint;
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  insert into community.projects (owner_id, title, description)
  values (p_me, p_title, coalesce(p_description, ''))
  returning id into v_id;
  return community.cards(array[v_id]) -> 0;
end
$function$;

comment on function community.create_project(uuid, text, text) is
  'A new project, of the asker. POST /api/projects.';
