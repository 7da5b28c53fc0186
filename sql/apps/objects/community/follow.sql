create or replace function community.follow(p_me uuid, p_user uuid, p_wanted boolean) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  if p_user = p_me then
    raise exception using errcode = 'TA400', column = 'id',
      message = 'is you: follow somebody else';
  end if;
  -- Who is let in no more gets no follower, but may lose one.
  perform from accounts.users as u
  where u.id = p_user and (u.status = 'approved' or not p_wanted)
  for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such user.';
  end if;
  if p_wanted then
    insert into community.follows (follower_id, followed_id)
    values (p_me, p_user)
    on conflict do nothing;
    if found then
      perform community.notify(p_user, p_me, 'follow', '/api/users/' || p_me);
    end if;
  else
    delete from community.follows as f where f.follower_id = p_me and f.followed_id = p_user;
  end if;
  return json_build_object(
    'id', p_user, 'following', p_wanted,
    'followers', community.count_of('community_followers', p_user::text)
  );
end
$function$;

comment on function community.follow(uuid, uuid, boolean) is
  'Somebody follows somebody, or no longer. PUT and DELETE /api/users/{id}/follow.';
