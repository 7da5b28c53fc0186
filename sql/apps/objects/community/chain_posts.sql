create or replace function community.chain_posts(p_chain bigint, p_after bigint) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- The server has no right on the table.
  return (
    select json_build_object(
      'chain', community.chain_cards(array[c.id]) -> 0,
      'posts', coalesce((
        select json_agg(json_build_object(
          'id', p.id, 'author', json_build_object('id', u.id, 'name', u.name), 'body', p.body,
          'createdAt', accounts.iso(p.created_at)
        ) order by p.id desc)
        from (
          select o.* from community.chain_posts as o
          where o.chain_id = c.id and o.id < coalesce(p_after, 9223372036854775807)
          order by o.id desc
          limit 20
        ) as p
        join accounts.users as u on u.id = p.author_id
      ), '[]')
    )
    from community.chains as c
    where c.id = p_chain
  );
end
$function$;

comment on function community.chain_posts(bigint, bigint) is
  'A chain''s newest posts, or those before one of them. GET /api/chains/{id}/posts.';
