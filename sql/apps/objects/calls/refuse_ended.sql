create or replace function calls.refuse_ended(
  p_invitation calls.invitations, p_me uuid, p_status text
) returns void
  language plpgsql
  volatile
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- What somebody else is invited to does not exist, for whoever asks. Volatile: the time goes on.
  if p_invitation.id is null
     or p_me <> (case p_status when 'cancelled' then p_invitation.caller_id
                               else p_invitation.receiver_id end) then
    raise exception using errcode = 'TA404', message = 'You have no such invitation.';
  end if;
  if p_invitation.status in ('accepted', 'declined', 'cancelled') then
    raise exception using errcode = 'TA409',
      message = format('This invitation was %s already.', p_invitation.status);
  end if;
  if p_invitation.status = 'expired' or p_invitation.expires_at <= clock_timestamp() then
    raise exception using errcode = 'TA409', message = 'This invitation has expired.';
  end if;
end
$function$;

comment on function calls.refuse_ended(calls.invitations, uuid, text) is
  'TA404 or TA409 unless this is still pending, and this user may end it so.';
