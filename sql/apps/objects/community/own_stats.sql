create or replace function community.own_stats(p_me uuid) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_values constant bigint[] := tally.values_of(
    array['community_projects_of', 'community_comments_of', 'community_badges_of',
          'community_votes_received', 'community_followers', 'community_following'],
    array[p_me::text]
  );
  v_intros constant bigint[] := tally.values_of(
    array['community_intros_sent', 'community_intros_received'],
    array[p_me || '/pending', p_me || '/accepted', p_me || '/declined']
  );
begin
  return json_build_object(
    'projects', v_values[1], 'comments', v_values[2], 'badges', v_values[3],
    'votesReceived', v_values[4], 'followers', v_values[5], 'following', v_values[6],
    'introsSent', json_build_object(
      'pending', v_intros[1], 'accepted', v_intros[2], 'declined', v_intros[3]
    ),
    'introsReceived', json_build_object(
      'pending', v_intros[4], 'accepted', v_intros[5], 'declined', v_intros[6]
    )
  );
end
$function$;

comment on function community.own_stats(uuid) is
  'Somebody''s own numbers.';
