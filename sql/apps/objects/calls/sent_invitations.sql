create or replace function calls.sent_invitations(p_me uuid, p_before bigint) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- 50 a page, by key. One whose time has come is expired, whether its row says so yet or not. The
  -- server has no right on the tables.
  return (
    select json_build_object('invitations', coalesce(
      json_agg(
        json_build_object(
          'id', p.id, 'receiverId', p.receiver_id, 'receiverName', u.name,
          'roomId', p.room_id, 'roomName', r.name, 'matchTitle', m.title,
          'status', case when p.is_over then 'expired' else p.status end,
          'createdAt', accounts.iso(p.created_at), 'expiresAt', accounts.iso(p.expires_at),
          'endedAt', accounts.iso(case when p.is_over then p.expires_at else p.ended_at end)
        )
        order by p.id desc
      ),
      '[]'
    ))
    from (
      select i.*, i.status = 'pending' and i.expires_at <= clock_timestamp() as is_over
      from calls.invitations as i
      where i.caller_id = p_me and i.id < coalesce(p_before, 9223372036854775807)
      order by i.id desc
      limit 50
    ) as p
    join accounts.users as u on u.id = p.receiver_id
    join calls.rooms as r on r.id = p.room_id
    join calls.matches as m on m.id = r.match_id
  );
end
$function$;

comment on function calls.sent_invitations(uuid, bigint) is
  'Whom somebody called, newest first, 50 at a time. GET /calls/invitations/sent.';
