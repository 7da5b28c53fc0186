create or replace function community.own_unread(p_me uuid) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select jsonb_build_object(
    'notifications', n #> array['community_unread_notifications', p_me::text],
    'messages', n #> array['community_unread_messages', p_me::text]
  )
  from (
    select community.counts(
      array['community_unread_notifications', 'community_unread_messages'], array[p_me::text]
    ) as n
    offset 0
  ) as numbers
$function$;

comment on function community.own_unread(uuid) is
  'What somebody has not read yet.';
