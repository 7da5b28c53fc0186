create or replace function community.board_chains(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select case when scope = '' then community.ranked_chains('community_chain_followers', 100) end
$function$;

comment on function community.board_chains(text) is
  'Builds the 100 chains with most followers.';

select tally.create_summary('leaderboard_chains', 'community.board_chains', audience => 'public');
select tally.watch('leaderboard_chains', 'community.chains');
select tally.watch('leaderboard_chains', 'community.chain_projects');
select tally.watch('leaderboard_chains', 'community.chain_followers');
select tally.watch('leaderboard_chains', 'community.chain_posts');
select tally.watch('leaderboard_chains', 'accounts.users');
