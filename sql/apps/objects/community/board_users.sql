create or replace function community.board_users(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    'community_votes_received', 'community_projects_of', 'community_badges_of',
    'community_followers'
  ], array['']);

  -- By the votes for all that is theirs.
  with board as materialized (
    select t.scope as id, t.value, t.rank from tally.top('community_votes_received', 100) as t
    where board_users.scope = '' and t.value > 0
  ), numbers as materialized (
    select community.counts(
      array['community_projects_of', 'community_badges_of', 'community_followers'],
      (select array_agg(b.id) from board as b)
    ) as n
  )
  -- Users one by one: a join takes a hundred for a thousand, and reads all there are.
  select case when board_users.scope = '' then coalesce(jsonb_agg(jsonb_build_object(
    'rank', b.rank, 'votesReceived', b.value,
    'projects', n #> array['community_projects_of', b.id],
    'badgesReceived', n #> array['community_badges_of', b.id],
    'followers', n #> array['community_followers', b.id]
  ) || community.person(b.id::uuid)::jsonb order by b.rank), '[]') end
  from numbers
  cross join board as b
$function$;

comment on function community.board_users(text) is
  'Builds the 100 users whose projects have most votes.';

select tally.create_summary('leaderboard_users', 'community.board_users', audience => 'public');
select tally.watch('leaderboard_users', 'accounts.users');
select tally.watch('leaderboard_users', 'community.projects');
select tally.watch('leaderboard_users', 'community.votes');
select tally.watch('leaderboard_users', 'community.badges');
select tally.watch('leaderboard_users', 'community.follows');
