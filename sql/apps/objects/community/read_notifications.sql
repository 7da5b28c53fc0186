create or replace function community.read_notifications(p_me uuid, p_up_to bigint) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Those that came since the asker looked stay unread: he says up to which one he has seen. The
  -- server has no right on the table: this is the only way in.
  update community.notifications as n
  set read_at = now()
  where n.receiver_id = p_me and n.read_at is null and (p_up_to is null or n.id <= p_up_to);
  return json_build_object(
    'unread', community.count_of('community_unread_notifications', p_me::text)
  );
end
$function$;

comment on function community.read_notifications(uuid, bigint) is
  'Somebody has read his notifications. POST /api/notifications/read.';
