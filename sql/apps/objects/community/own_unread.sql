create or replace function community.own_unread(p_me uuid) returns json
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_values constant bigint[] := tally.values_of(
    array['community_unread_notifications', 'community_unread_messages'], array[p_me::text]
  );
begin
  return json_build_object('notifications', v_values[1], 'messages', v_values[2]);
end
$function$;

comment on function community.own_unread(uuid) is
  'What somebody has not read yet.';
