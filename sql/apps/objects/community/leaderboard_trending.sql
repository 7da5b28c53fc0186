create or replace function community.leaderboard_trending() returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As the document stands. The server has no right on the table.
  return tally.summary_text('leaderboard_trending', '');
end
$function$;

comment on function community.leaderboard_trending() is
  'What trends, in one. GET /api/leaderboard/trending.';
