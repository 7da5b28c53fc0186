create or replace function community.follow_chain(
  p_me uuid, p_chain bigint, p_wanted boolean
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner uuid;
begin
  -- The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  v_owner := community.lock_chain(p_chain);
  if p_wanted then
    insert into community.chain_followers (chain_id, user_id)
    values (p_chain, p_me)
    on conflict do nothing;
    if found then
      perform community.notify(
        v_owner, p_me, 'chain-follow', '/api/chains/' || p_chain || '/posts'
      );
    end if;
  else
    delete from community.chain_followers as f where f.chain_id = p_chain and f.user_id = p_me;
  end if;
  return json_build_object(
    'id', p_chain, 'following', p_wanted,
    'followers', community.count_of('community_chain_followers', p_chain::text)
  );
end
$function$;

comment on function community.follow_chain(uuid, bigint, boolean) is
  'Somebody follows a chain, or no longer. PUT and DELETE /api/chains/{id}/follow.';
