create or replace function community.newest_notifications(p_me uuid, p_after bigint) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Where no id is given, the greatest there can be: so that one plan goes by the index for both.
  return (
    select coalesce(json_agg(json_build_object(
      'id', n.id, 'kind', n.kind, 'link', n.link, 'actor', case when u.id is not null
        then json_build_object('id', u.id, 'name', u.name) end,
      'createdAt', accounts.iso(n.created_at), 'readAt', accounts.iso(n.read_at)
    ) order by n.id desc), '[]')
    from (
      select o.* from community.notifications as o
      where o.receiver_id = p_me and o.id < coalesce(p_after, 9223372036854775807)
      order by o.id desc
      limit 20
    ) as n
    left join accounts.users as u on u.id = n.actor_id
  );
end
$function$;

comment on function community.newest_notifications(uuid, bigint) is
  'Somebody''s newest 20 notifications, or those before one of them.';
