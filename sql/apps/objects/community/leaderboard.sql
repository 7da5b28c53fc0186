create or replace function community.leaderboard(
  p_board text, p_scope text, p_n integer
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The documents have a hundred. The server has no right on the table.
  return json_build_object(
    'entries', community.first_of(tally.read_summary(p_board, p_scope), p_n)
  );
end
$function$;

comment on function community.leaderboard(text, text, integer) is
  'The first n of a board. GET /api/leaderboard/projects, …/users, …/chains.';
