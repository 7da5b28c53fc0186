create or replace function community.top_profiles(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    'community_votes_received', 'community_projects_of', 'community_comments_of',
    'community_badges_of', 'community_badges_by', 'community_followers', 'community_following',
    'community_votes', 'community_comments_on', 'community_badges_on'
  ], array['']);

  -- Of whose projects have most votes. By id, so that one of them is found without going through
  -- all.
  select case when top_profiles.scope = '' then community.profiles(array(
    select t.scope::uuid from tally.top('community_votes_received', 20) as t where t.value > 0
  ))::jsonb end
$function$;

comment on function community.top_profiles(text) is
  'Builds the profiles that are looked at most: of the 20 users with most votes.';

select tally.create_summary(
  'community_top_profiles', 'community.top_profiles', audience => 'public'
);
select tally.watch('community_top_profiles', 'accounts.users');
select tally.watch('community_top_profiles', 'community.projects');
select tally.watch('community_top_profiles', 'community.votes');
select tally.watch('community_top_profiles', 'community.comments');
select tally.watch('community_top_profiles', 'community.badges');
select tally.watch('community_top_profiles', 'community.follows');
