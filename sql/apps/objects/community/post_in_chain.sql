create or replace function community.post_in_chain(
  p_me uuid, p_chain bigint, p_body text
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_post community.chain_posts;
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  if community.lock_chain(p_chain) <> p_me and not exists (
    select from community.chain_followers as f where f.chain_id = p_chain and f.user_id = p_me
  ) then
    raise exception using errcode = 'TA403', message = 'Follow this chain, and then post in it.';
  end if;
  insert into community.chain_posts (chain_id, author_id, body)
  values (p_chain, p_me, p_body)
  returning * into v_post;
  return json_build_object(
    'id', v_post.id, 'author', community.person(p_me), 'body', v_post.body,
    'createdAt', accounts.iso(v_post.created_at)
  );
end
$function$;

comment on function community.post_in_chain(uuid, bigint, text) is
  'A chain''s owner or follower writes in it. POST /api/chains/{id}/posts.';
