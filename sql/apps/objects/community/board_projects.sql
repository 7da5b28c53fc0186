create or replace function community.board_projects(scope text) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select accounts.numbers_of(array[
    case board_projects.scope when 'week' then 'community_votes_week'
                              when 'month' then 'community_votes_month'
                              else 'community_votes' end,
    'community_votes', 'community_comments_on', 'community_badges_on'
  ], array['']);

  -- The periods are counters of their own, which lose a vote at the very moment when it is a week
  -- or a month old.
  with board as materialized (
    select t.scope::bigint as id, t.value, t.rank
    from tally.top(
      case board_projects.scope when 'week' then 'community_votes_week'
                                when 'month' then 'community_votes_month'
                                else 'community_votes' end, 100
    ) as t
    where board_projects.scope in ('all_time', 'month', 'week') and t.value > 0
  )
  select case when board_projects.scope in ('all_time', 'month', 'week') then coalesce(jsonb_agg(
    jsonb_build_object('rank', b.rank, 'votesInPeriod', b.value, 'project', c.card) order by b.rank
  ), '[]') end
  from board as b
  join json_array_elements(
    community.cards((select array_agg(o.id order by o.rank) from board as o))
  ) as c (card) on (c.card ->> 'id')::bigint = b.id
$function$;

comment on function community.board_projects(text) is
  'Builds the 100 projects with most votes: of all_time, month (30 days) or week (7 days).';

select tally.create_summary(
  'leaderboard_projects', 'community.board_projects', audience => 'public'
);
select tally.watch('leaderboard_projects', 'community.votes', scope => $$'all_time'$$);
select tally.watch('leaderboard_projects', 'community.votes', scope => $$'month'$$);
select tally.watch('leaderboard_projects', 'community.votes', scope => $$'week'$$);
select tally.watch('leaderboard_projects', 'community.projects', scope => $$'all_time'$$);
select tally.watch('leaderboard_projects', 'community.projects', scope => $$'month'$$);
select tally.watch('leaderboard_projects', 'community.projects', scope => $$'week'$$);
select tally.watch('leaderboard_projects', 'community.comments', scope => $$'all_time'$$);
select tally.watch('leaderboard_projects', 'community.comments', scope => $$'month'$$);
select tally.watch('leaderboard_projects', 'community.comments', scope => $$'week'$$);
select tally.watch('leaderboard_projects', 'community.badges', scope => $$'all_time'$$);
select tally.watch('leaderboard_projects', 'community.badges', scope => $$'month'$$);
select tally.watch('leaderboard_projects', 'community.badges', scope => $$'week'$$);
select tally.watch('leaderboard_projects', 'accounts.users', scope => $$'all_time'$$);
select tally.watch('leaderboard_projects', 'accounts.users', scope => $$'month'$$);
select tally.watch('leaderboard_projects', 'accounts.users', scope => $$'week'$$);
