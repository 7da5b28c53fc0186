create or replace function community.delete_project(
  p_me uuid, p_roles text[], p_project bigint
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Its votes, comments and badges go with it, and off every number. The server has no right on
  -- the table: this is the only way in.
  perform community.own_project(p_me, p_roles, p_project);
  delete from community.projects as p where p.id = p_project;
  return json_build_object('id', p_project, 'deleted', true);
end
$function$;

comment on function community.delete_project(uuid, text[], bigint) is
  'The owner or an admin deletes a project. DELETE /api/projects/{id}.';
