create or replace function community.liveliest_conversations(
  p_me uuid, p_after bigint
) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  with liveliest as materialized (
    select m.conversation_id, m.last_message_id from community.conversation_members as m
    where m.user_id = p_me and (p_after is null or m.last_message_id < p_after)
    order by m.last_message_id desc, m.conversation_id desc
    limit 20
  ), numbers as materialized (
    select community.counts(
      array['community_unread_in'],
      (select array_agg(p_me || '/' || l.conversation_id) from liveliest as l)
    ) -> 'community_unread_in' as n
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id, 'with', jsonb_build_object('id', u.id, 'name', u.name),
    'unread', n -> (p_me || '/' || c.id),
    'lastMessage', case when d.id is not null then jsonb_build_object(
      'id', d.id, 'conversationId', d.conversation_id, 'senderId', d.sender_id, 'body', d.body,
      'sentAt', accounts.iso(d.sent_at)
    ) end
  ) order by l.last_message_id desc, c.id desc), '[]')
  from numbers
  cross join liveliest as l
  join community.conversations as c on c.id = l.conversation_id
  join accounts.users as u on u.id = case p_me when c.low_id then c.high_id else c.low_id end
  left join community.direct_messages as d on d.id = l.last_message_id
$function$;

comment on function community.liveliest_conversations(uuid, bigint) is
  'Somebody''s 20 liveliest conversations, or those before a message.';
