create or replace function calls.pending_invitations(p_me uuid) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- The time is looked at twice: as a bound that the index can use, and row by row, because a
  -- statement may wait. The status is a sub-select so that the planner keeps to the index that
  -- begins with the receiver: the one of the rule has all that is pending, of everybody. The soonest
  -- hundred; the others come as those end. The server has no right on the tables.
  return (
    select json_build_object('invitations', coalesce(
      json_agg(
        json_build_object(
          'id', p.id, 'callerId', p.caller_id, 'callerName', u.name,
          'roomId', p.room_id, 'roomName', r.name, 'matchTitle', m.title,
          'createdAt', accounts.iso(p.created_at), 'expiresAt', accounts.iso(p.expires_at)
        )
        order by p.expires_at, p.id
      ),
      '[]'
    ))
    from (
      select i.id, i.caller_id, i.room_id, i.created_at, i.expires_at
      from calls.invitations as i
      where i.receiver_id = p_me and i.status = (select 'pending')
        and i.expires_at > statement_timestamp() and i.expires_at > clock_timestamp()
      order by i.expires_at, i.id
      limit 100
    ) as p
    join accounts.users as u on u.id = p.caller_id
    join calls.rooms as r on r.id = p.room_id
    join calls.matches as m on m.id = r.match_id
  );
end
$function$;

comment on function calls.pending_invitations(uuid) is
  'Who calls somebody right now, soonest to expire first. GET /calls/invitations/pending.';
