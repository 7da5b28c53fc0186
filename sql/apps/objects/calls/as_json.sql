create or replace function calls.as_json(p_invitation calls.invitations) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'id', p_invitation.id, 'callerId', p_invitation.caller_id,
    'receiverId', p_invitation.receiver_id, 'roomId', p_invitation.room_id,
    'status', p_invitation.status, 'createdAt', accounts.iso(p_invitation.created_at),
    'expiresAt', accounts.iso(p_invitation.expires_at),
    'endedAt', accounts.iso(p_invitation.ended_at)
  )
$function$;

comment on function calls.as_json(calls.invitations) is 'An invitation, as writes answer.';
