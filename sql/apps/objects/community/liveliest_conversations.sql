create or replace function community.liveliest_conversations(
  p_me uuid, p_after bigint
) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_conversations bigint[];
  v_messages bigint[];
  v_unread bigint[];
begin
  select array_agg(m.conversation_id), array_agg(m.last_message_id)
  into v_conversations, v_messages
  from (
    select o.conversation_id, o.last_message_id from community.conversation_members as o
    where o.user_id = p_me and o.last_message_id < coalesce(p_after, 9223372036854775807)
    order by o.last_message_id desc, o.conversation_id desc
    limit 20
  ) as m;
  v_unread := tally.values_of(
    array['community_unread_in'],
    array(select p_me || '/' || k.id
          from unnest(v_conversations) with ordinality as k (id, pos) order by k.pos)
  );
  return (
    select coalesce(json_agg(json_build_object(
      'id', c.id, 'with', json_build_object('id', u.id, 'name', u.name),
      'unread', v_unread[k.pos],
      'lastMessage', case when d.id is not null then json_build_object(
        'id', d.id, 'conversationId', d.conversation_id, 'senderId', d.sender_id, 'body', d.body,
        'sentAt', accounts.iso(d.sent_at)
      ) end
    ) order by k.message_id desc, c.id desc), '[]')
    from unnest(v_conversations, v_messages) with ordinality as k (id, message_id, pos)
    join community.conversations as c on c.id = k.id
    join accounts.users as u on u.id = case p_me when c.low_id then c.high_id else c.low_id end
    left join community.direct_messages as d on d.id = k.message_id
  );
end
$function$;

comment on function community.liveliest_conversations(uuid, bigint) is
  'Somebody''s 20 liveliest conversations, or those before a message.';
