create or replace function community.bootstrap(p_me uuid) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- All that an application shows at its start, in one statement. Exact, but the trending chains,
  -- which are a document. The server has no right on the table.
  return json_build_object(
    'stats', community.own_stats(p_me),
    'unread', community.own_unread(p_me),
    'myProjects', community.own_projects(p_me, 10),
    'notifications', community.newest_notifications(p_me, null),
    'conversations', community.liveliest_conversations(p_me, null),
    'trendingChains', tally.summary_text('community_trending_chains', '')::json
  );
end
$function$;

comment on function community.bootstrap(uuid) is
  'All that an application needs at its start. GET /api/prefetch/bootstrap.';
