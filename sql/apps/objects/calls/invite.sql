create or replace function calls.invite(
  p_me uuid, p_receiver uuid, p_room bigint, p_seconds integer
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_now timestamptz;
  v_pending calls.pending;
  v_invitation calls.invitations;
  v_constraint text;
begin
  -- Of two at once the key of calls.pending decides, not the look before it: that only spares the
  -- usual refusal a failed INSERT. The server has no right on the tables: this is the only way in.
  perform calls.refuse_invitation(p_me, p_receiver, p_room, p_seconds);
  loop
    select p.* into v_pending from calls.pending as p
    where p.caller_id = p_me and p.receiver_id = p_receiver;
    if v_pending.expires_at > clock_timestamp() then
      raise exception using errcode = 'TA409',
        message = 'You are calling this user already: cancel that invitation first.';
    end if;
    if v_pending.invitation_id is not null then
      -- One whose time has come is over, and does not stand in the way until its rule has seen it.
      update calls.invitations as i
      set status = 'expired', ended_at = i.expires_at
      where i.id = v_pending.invitation_id and i.ended_at is null
        and i.expires_at <= clock_timestamp();
      -- Left by what no trigger saw, such as a partition that was detached.
      delete from calls.pending as p
      where p.caller_id = p_me and p.receiver_id = p_receiver
        and p.expires_at <= clock_timestamp();
    end if;
    begin
      v_now := clock_timestamp();
      insert into calls.invitations (created_at, caller_id, receiver_id, room_id, expires_at)
      values (v_now, p_me, p_receiver, p_room, v_now + make_interval(secs => p_seconds))
      returning * into v_invitation;
      return calls.as_json(v_invitation);
    exception when unique_violation then
      get stacked diagnostics v_constraint = constraint_name;
      if v_constraint <> 'pending_pkey' then
        raise;
      end if;
    end;
  end loop;
end
$function$;

comment on function calls.invite(uuid, uuid, bigint, integer) is
  'Somebody invites somebody else into a room, for so many seconds. POST /calls/invitations.';
