create or replace function community.read_conversation(
  p_me uuid, p_conversation bigint, p_up_to bigint
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Those that came since the asker looked stay unread. The server has no right on the table: this
  -- is the only way in.
  perform community.refuse_outsider(p_me, p_conversation);
  update community.receipts as r
  set read_at = now()
  where r.receiver_id = p_me and r.conversation_id = p_conversation and r.read_at is null
    and (p_up_to is null or r.message_id <= p_up_to);
  return json_build_object(
    'conversationId', p_conversation,
    'unread', community.count_of('community_unread_in', p_me || '/' || p_conversation),
    'unreadInAll', community.count_of('community_unread_messages', p_me::text)
  );
end
$function$;

comment on function community.read_conversation(uuid, bigint, bigint) is
  'Somebody has read a conversation. POST /api/direct-messages/conversations/{id}/read.';
