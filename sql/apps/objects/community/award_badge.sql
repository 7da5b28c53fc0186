create or replace function community.award_badge(
  p_me uuid, p_project bigint, p_note text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
  v_is_new boolean;
begin
  -- Again with another note is a change of the note. The server has no right on the table: this is
  -- the only way in.
  perform community.refuse_stranger(p_me);
  select p.owner_id into v_owner from community.projects as p where p.id = p_project for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such project.';
  end if;
  if v_owner = p_me then
    raise exception using errcode = 'TA403', message = 'Nobody vouches for a project of his own.';
  end if;
  insert into community.badges as b (project_id, owner_id, validator_id, note)
  values (p_project, v_owner, p_me, coalesce(p_note, ''))
  on conflict (project_id, validator_id) do update set note = excluded.note
  returning xmax = 0 into v_is_new;
  if v_is_new then
    perform community.notify(v_owner, p_me, 'badge', '/api/projects/' || p_project);
  end if;
  return json_build_object(
    'id', p_project, 'badges', community.count_of('community_badges_on', p_project::text)
  );
end
$function$;

comment on function community.award_badge(uuid, bigint, text) is
  'A validator vouches for a project. PUT /api/projects/{id}/badge.';
