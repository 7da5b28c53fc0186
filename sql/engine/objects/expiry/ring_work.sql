create or replace function tally.ring_work()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A row was written that falls due before the work would look by itself. Its trigger's WHEN has
  -- seen to it that others do not come here. Nobody is woken where nobody attends.
  -- In one expression: ended between two, the session would keep the lock.
  if pg_try_advisory_lock_shared(1952541804, 4) and pg_advisory_unlock_shared(1952541804, 4) then
    return null;
  end if;
  perform pg_notify('tally_work', '') from tally.settings s where s.doorbell;
  return null;
end
$function$;

comment on function tally.ring_work() is
  'Trigger function: wakes a server that waits, for a row that falls due within two seconds.';
