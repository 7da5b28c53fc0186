create or replace function community.chain_posts(p_chain bigint, p_after bigint) returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
  -- The server has no right on the table.
  select jsonb_build_object(
    'chain', community.chain_cards(array[c.id]) -> 0,
    'posts', coalesce((
      select jsonb_agg(jsonb_build_object(
        'id', p.id, 'author', jsonb_build_object('id', u.id, 'name', u.name), 'body', p.body,
        'createdAt', accounts.iso(p.created_at)
      ) order by p.id desc)
      from (
        select o.* from community.chain_posts as o
        where o.chain_id = c.id and (p_after is null or o.id < p_after)
        order by o.id desc
        limit 20
      ) as p
      join accounts.users as u on u.id = p.author_id
    ), '[]')
  )
  from community.chains as c
  where c.id = p_chain
$function$;

comment on function community.chain_posts(bigint, bigint) is
  'A chain''s newest posts, or those before one of them. GET /api/chains/{id}/posts.';
