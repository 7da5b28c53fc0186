create or replace function community.vote(
  p_me uuid, p_project bigint, p_wanted boolean
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
begin
  -- Twice is once: the primary key decides, however many clicks come at once. The server has no
  -- right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  select p.owner_id into v_owner from community.projects as p where p.id = p_project for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such project.';
  end if;
  if p_wanted then
    insert into community.votes (project_id, owner_id, user_id)
    values (p_project, v_owner, p_me)
    on conflict do nothing;
  else
    delete from community.votes as v where v.project_id = p_project and v.user_id = p_me;
  end if;
  return json_build_object(
    'id', p_project, 'voted', p_wanted,
    'votes', community.count_of('community_votes', p_project::text)
  );
end
$function$;

comment on function community.vote(uuid, bigint, boolean) is
  'Somebody votes for a project, or takes his vote back. PUT and DELETE /api/projects/{id}/vote.';
