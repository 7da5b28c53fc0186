create or replace function calls.end_invitation(p_me uuid, p_invitation bigint, p_status text)
  returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_invitation calls.invitations;
begin
  -- Looked at before it is locked, because the rule that expires it passes by a row that is, and
  -- again once it is: that look decides. The server has no right on the table: this is the only way
  -- in.
  select i.* into v_invitation from calls.invitations as i where i.id = p_invitation;
  perform calls.refuse_ended(v_invitation, p_me, p_status);
  select i.* into v_invitation from calls.invitations as i
  where i.id = p_invitation and i.created_at = v_invitation.created_at
  for no key update;
  perform calls.refuse_ended(v_invitation, p_me, p_status);
  update calls.invitations as i
  -- In time, by the look above, were it a microsecond later by now.
  set status = p_status,
    ended_at = least(clock_timestamp(), i.expires_at - interval '1 microsecond')
  where i.id = p_invitation and i.created_at = v_invitation.created_at
  returning * into v_invitation;
  return calls.as_json(v_invitation);
end
$function$;

comment on function calls.end_invitation(uuid, bigint, text) is
  'The receiver says accepted or declined, or the caller cancelled, while it is pending.';
