create or replace function community.notify(
  p_receiver uuid, p_actor uuid, p_kind text, p_link text
) returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $function$
  -- Nobody is told what he did himself.
  insert into community.notifications (receiver_id, actor_id, kind, link)
  select p_receiver, p_actor, p_kind, p_link
  where p_receiver is distinct from p_actor
$function$;

comment on function community.notify(uuid, uuid, text, text) is
  'Tells somebody what somebody else did.';
