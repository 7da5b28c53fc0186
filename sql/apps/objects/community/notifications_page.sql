create or replace function community.notifications_page(p_me uuid, p_after bigint) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- The server has no right on the table.
  return json_build_object(
    'unread', community.count_of('community_unread_notifications', p_me::text),
    'notifications', community.newest_notifications(p_me, p_after)
  );
end
$function$;

comment on function community.notifications_page(uuid, bigint) is
  'Somebody''s notifications, 20 at a time. GET /api/notifications.';
