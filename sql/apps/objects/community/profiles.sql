create or replace function community.profiles(p_users uuid[]) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- For many as for one: one query for the numbers, one for the projects.
  with numbers as materialized (
    select community.counts(
      array['community_projects_of', 'community_comments_of', 'community_votes_received',
            'community_badges_of', 'community_badges_by', 'community_followers',
            'community_following'],
      p_users::text[]
    ) as n
  ), shown as materialized (
    select c.card #>> '{owner,id}' as owner_id, jsonb_agg(c.card order by c.pos) as cards
    from jsonb_array_elements(community.cards(array(
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
  select jsonb_object_agg(u.id, jsonb_build_object(
    'id', u.id, 'name', u.name, 'joinedAt', accounts.iso(u.signed_up_at),
    'projects', n #> array['community_projects_of', u.id::text],
    'comments', n #> array['community_comments_of', u.id::text],
    'votesReceived', n #> array['community_votes_received', u.id::text],
    'badgesReceived', n #> array['community_badges_of', u.id::text],
    'badgesAwarded', n #> array['community_badges_by', u.id::text],
    'followers', n #> array['community_followers', u.id::text],
    'following', n #> array['community_following', u.id::text],
    'newestProjects', coalesce(s.cards, '[]')
  ))
  from numbers
  cross join unnest(p_users) as k (id)
  join accounts.users as u on u.id = k.id and u.status = 'approved'
  left join shown as s on s.owner_id = u.id::text
$function$;

comment on function community.profiles(uuid[]) is
  'People as everybody sees them, by their ids: their numbers and their newest projects.';
