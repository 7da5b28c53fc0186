create or replace function calls.refuse_invitation(
  p_me uuid, p_receiver uuid, p_room bigint, p_seconds integer
) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_match bigint;
begin
  -- Caller, room and match keep their names until the invitation is there for calls.tell_receivers
  -- to see: a rename that is under way is waited for, and a later one waits. In this order, and so
  -- should whoever renames several of them in one transaction.
  perform from accounts.users as u where u.id = p_me and u.status = 'approved' for share;
  if not found then
    raise exception using errcode = 'TA403', message = format('%s is no approved user.', p_me);
  end if;
  if p_receiver = p_me then
    raise exception using errcode = 'TA400', column = 'receiverId',
      message = 'is you: nobody calls himself';
  end if;
  if not exists (
    select from accounts.users as u where u.id = p_receiver and u.status = 'approved'
  ) then
    raise exception using errcode = 'TA400', column = 'receiverId',
      message = 'is the id of no approved user';
  end if;
  select r.match_id into v_match from calls.rooms as r where r.id = p_room for share;
  if not found then
    raise exception using errcode = 'TA400', column = 'roomId',
      message = 'is the id of no room';
  end if;
  if p_seconds not between 5 and 3600 then
    raise exception using errcode = 'TA400', column = 'expiresInSeconds',
      message = format('is %s: an invitation stands for 5 to 3600 seconds', p_seconds);
  end if;
  perform from calls.matches as m where m.id = v_match for share;
end
$function$;

comment on function calls.refuse_invitation(uuid, uuid, bigint, integer) is
  'TA403 or TA400 unless one of them may invite the other, there, for so long. Caller, room and '
  'match keep their names until the transaction ends.';
