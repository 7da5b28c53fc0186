create or replace function community.trending_in_one(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    'community_votes_week', 'community_votes', 'community_comments_on', 'community_badges_on',
    'community_votes_received'
  ], array['']);

  -- Ten of each, from the same counters as their boards: of one instant.
  select case when scope = '' then jsonb_build_object(
    'projects', community.trending(10, null) -> 'projects',
    'users', (
      -- One by one: a join takes ten for a thousand, and reads all users there are.
      select coalesce(jsonb_agg(
        jsonb_build_object('rank', t.rank, 'votesReceived', t.value)
          || community.person(t.scope::uuid)::jsonb
        order by t.rank
      ), '[]')
      from tally.top('community_votes_received', 10) as t
      where t.value > 0
    ),
    'chains', community.ranked_chains('community_chain_followers', 10)
  ) end
$function$;

comment on function community.trending_in_one(text) is
  'Builds what trends, in one: ten projects, ten users, ten chains.';

select tally.create_summary(
  'leaderboard_trending', 'community.trending_in_one', audience => 'public'
);
select tally.watch('leaderboard_trending', 'community.projects');
select tally.watch('leaderboard_trending', 'community.votes');
select tally.watch('leaderboard_trending', 'community.comments');
select tally.watch('leaderboard_trending', 'community.badges');
select tally.watch('leaderboard_trending', 'community.chains');
select tally.watch('leaderboard_trending', 'community.chain_projects');
select tally.watch('leaderboard_trending', 'community.chain_followers');
select tally.watch('leaderboard_trending', 'community.chain_posts');
select tally.watch('leaderboard_trending', 'accounts.users');
