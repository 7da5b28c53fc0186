create or replace function community.own_stats(p_me uuid) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  with numbers as materialized (
    select community.counts(
      array['community_projects_of', 'community_comments_of', 'community_badges_of',
            'community_votes_received', 'community_followers', 'community_following'],
      array[p_me::text]
    ) as n, community.counts(
      array['community_intros_sent', 'community_intros_received'],
      array[p_me || '/pending', p_me || '/accepted', p_me || '/declined']
    ) as i
  )
  select jsonb_build_object(
    'projects', n #> array['community_projects_of', p_me::text],
    'comments', n #> array['community_comments_of', p_me::text],
    'badges', n #> array['community_badges_of', p_me::text],
    'votesReceived', n #> array['community_votes_received', p_me::text],
    'followers', n #> array['community_followers', p_me::text],
    'following', n #> array['community_following', p_me::text],
    'introsSent', community.intro_states(i -> 'community_intros_sent', p_me),
    'introsReceived', community.intro_states(i -> 'community_intros_received', p_me)
  )
  from numbers
$function$;

comment on function community.own_stats(uuid) is
  'Somebody''s own numbers.';
