create or replace function community.notify(
  p_receiver uuid, p_actor uuid, p_kind text, p_link text
) returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $function$
  -- Nobody is told what he did himself. Who tells the same receiver waits until this commits: so
  -- notifications are numbered in the order in which they come, and whoever has seen one has seen
  -- all below it. Callers lock nothing after this.
  select pg_advisory_xact_lock(hashtextextended('community.notify/' || p_receiver, 0))
  where p_receiver is distinct from p_actor;
  insert into community.notifications (receiver_id, actor_id, kind, link)
  select p_receiver, p_actor, p_kind, p_link
  where p_receiver is distinct from p_actor
$function$;

comment on function community.notify(uuid, uuid, text, text) is
  'Tells somebody what somebody else did.';
