create or replace function community.send_message(p_me uuid, p_to uuid, p_body text) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_conversation bigint;
  v_message community.direct_messages;
begin
  -- The first message begins the conversation; a unique key decides where both write first. The
  -- conversation's row is locked, so that its messages are numbered in the order in which they
  -- come. The server has no right on the table: this is the only way in.
  perform community.refuse_stranger(p_me);
  if p_to = p_me then
    raise exception using errcode = 'TA400', column = 'to',
      message = 'is you: write to somebody else';
  end if;
  perform from accounts.users as u where u.id = p_to and u.status = 'approved' for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such user.';
  end if;
  insert into community.conversations (low_id, high_id)
  values (least(p_me, p_to), greatest(p_me, p_to))
  on conflict (low_id, high_id) do nothing;
  select c.id into v_conversation from community.conversations as c
  where c.low_id = least(p_me, p_to) and c.high_id = greatest(p_me, p_to)
  for no key update;
  insert into community.direct_messages (conversation_id, sender_id, body)
  values (v_conversation, p_me, p_body)
  returning * into v_message;
  insert into community.receipts (message_id, conversation_id, receiver_id)
  values (v_message.id, v_conversation, p_to);
  insert into community.conversation_members as m (conversation_id, user_id, last_message_id)
  values (v_conversation, p_me, v_message.id), (v_conversation, p_to, v_message.id)
  on conflict (conversation_id, user_id) do update
  set last_message_id = excluded.last_message_id;
  return json_build_object(
    'id', v_message.id, 'conversationId', v_conversation, 'senderId', p_me,
    'body', v_message.body, 'sentAt', accounts.iso(v_message.sent_at)
  );
end
$function$;

comment on function community.send_message(uuid, uuid, text) is
  'One writes to another. POST /api/direct-messages.';
