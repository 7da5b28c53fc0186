create or replace function community.investor_numbers() returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As the document stands. The server has no right on the table.
  return tally.summary_text('community_investor_stats', '');
end
$function$;

comment on function community.investor_numbers() is
  'The numbers of the directory. GET /api/investors/stats.';
