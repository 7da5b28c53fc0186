create or replace function community.notifications_page(p_me uuid, p_after bigint) returns jsonb
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
  -- The server has no right on the table.
  select jsonb_build_object(
    'unread', community.count_of('community_unread_notifications', p_me::text),
    'notifications', community.newest_notifications(p_me, p_after)
  )
$function$;

comment on function community.notifications_page(uuid, bigint) is
  'Somebody''s notifications, 20 at a time. GET /api/notifications.';
