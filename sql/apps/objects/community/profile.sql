create or replace function community.profile(p_user uuid) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select jsonb_build_object(
    'id', u.id, 'name', u.name, 'joinedAt', accounts.iso(u.signed_up_at),
    'projects', n #> array['community_projects_of', u.id::text],
    'comments', n #> array['community_comments_of', u.id::text],
    'votesReceived', n #> array['community_votes_received', u.id::text],
    'badgesReceived', n #> array['community_badges_of', u.id::text],
    'badgesAwarded', n #> array['community_badges_by', u.id::text],
    'followers', n #> array['community_followers', u.id::text],
    'following', n #> array['community_following', u.id::text],
    'newestProjects', community.own_projects(u.id, 10)
  )
  from accounts.users as u
  cross join lateral (
    select community.counts(
      array['community_projects_of', 'community_comments_of', 'community_votes_received',
            'community_badges_of', 'community_badges_by', 'community_followers',
            'community_following'],
      array[u.id::text]
    ) as n
    offset 0
  ) as numbers
  where u.id = p_user and u.status = 'approved'
$function$;

comment on function community.profile(uuid) is
  'Somebody, as everybody sees him: his numbers and his newest projects.';
