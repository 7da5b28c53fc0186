create or replace function community.profiles(p_users uuid[]) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_n constant integer := cardinality(p_users);
  v_values constant bigint[] := tally.values_of(
    array['community_projects_of', 'community_comments_of', 'community_votes_received',
          'community_badges_of', 'community_badges_by', 'community_followers',
          'community_following'],
    p_users::text[]
  );
begin
  -- For many as for one: one query for the numbers, one for the projects.
  return (
    with shown as materialized (
      select c.card #>> '{owner,id}' as owner_id, json_agg(c.card order by c.pos) as cards
      from json_array_elements(community.cards(array(
        select p.id
        from unnest(p_users) as k (id)
        cross join lateral (
          select o.id from community.projects as o
          where o.owner_id = k.id
          order by o.id desc
          limit 10
        ) as p
        order by p.id desc
      ))) with ordinality as c (card, pos)
      group by c.card #>> '{owner,id}'
    )
    select json_object_agg(u.id, json_build_object(
      'id', u.id, 'name', u.name, 'joinedAt', accounts.iso(u.signed_up_at),
      'projects', v_values[k.pos],
      'comments', v_values[v_n + k.pos],
      'votesReceived', v_values[2 * v_n + k.pos],
      'badgesReceived', v_values[3 * v_n + k.pos],
      'badgesAwarded', v_values[4 * v_n + k.pos],
      'followers', v_values[5 * v_n + k.pos],
      'following', v_values[6 * v_n + k.pos],
      'newestProjects', coalesce(s.cards, '[]')
    ))
    from unnest(p_users) with ordinality as k (id, pos)
    join accounts.users as u on u.id = k.id and u.status = 'approved'
    left join shown as s on s.owner_id = u.id::text
  );
end
$function$;

comment on function community.profiles(uuid[]) is
  'People as everybody sees them, by their ids: their numbers and their newest projects.';
