create or replace function community.change_project(
  p_me uuid, p_roles text[], p_project bigint, p_title text, p_description text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- What is NULL stays. The server has no right on the table: this is the only way in.
  perform community.own_project(p_me, p_roles, p_project);
  update community.projects as p
  set title = coalesce(p_title, p.title), description = coalesce(p_description, p.description),
    changed_at = now()
  where p.id = p_project;
  return community.cards(array[p_project]) -> 0;
end
$function$;

comment on function community.change_project(uuid, text[], bigint, text, text) is
  'The owner or an admin rewrites a project. PATCH /api/projects/{id}.';
