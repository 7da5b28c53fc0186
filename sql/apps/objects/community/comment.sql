create or replace function community.comment(p_me uuid, p_project bigint, p_body text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
  v_comment community.comments;
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  select p.owner_id into v_owner from community.projects as p where p.id = p_project for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such project.';
  end if;
  insert into community.comments (project_id, author_id, body)
  values (p_project, p_me, p_body)
  returning * into v_comment;
  perform community.notify(v_owner, p_me, 'comment', '/api/projects/' || p_project);
  return json_build_object(
    'id', v_comment.id, 'author', community.person(p_me), 'body', v_comment.body,
    'createdAt', accounts.iso(v_comment.created_at)
  );
end
$function$;

comment on function community.comment(uuid, bigint, text) is
  'Somebody says something about a project. POST /api/projects/{id}/comments.';
