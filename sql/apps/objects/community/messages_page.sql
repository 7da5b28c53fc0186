create or replace function community.messages_page(
  p_me uuid, p_conversation bigint, p_after bigint
) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The server has no right on the table.
  perform community.refuse_outsider(p_me, p_conversation);
  return json_build_object('messages', coalesce((
    select json_agg(json_build_object(
      'id', d.id, 'conversationId', d.conversation_id, 'senderId', d.sender_id, 'body', d.body,
      'sentAt', accounts.iso(d.sent_at)
    ) order by d.id desc)
    from (
      select o.* from community.direct_messages as o
      where o.conversation_id = p_conversation and o.id < coalesce(p_after, 9223372036854775807)
      order by o.id desc
      limit 20
    ) as d
  ), '[]'));
end
$function$;

comment on function community.messages_page(uuid, bigint, bigint) is
  'A conversation''s messages, 20 at a time. GET /api/direct-messages/conversations/{id}.';
