create or replace function tally.await_marks()
returns boolean
language plpgsql
security definer  -- a server may not read tally.settings by itself
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $function$
begin
  -- From now on whoever marks rings tally_work. One session holds the lock for all that listen,
  -- and takes it by waiting, not by trying, as tally.fall_asleep does and for the same reason.
  if not (select s.doorbell from tally.settings s)
     or not pg_try_advisory_lock(1952541804, 13) then
    return false;
  end if;
  begin
    perform pg_advisory_lock(1952541804, 12);
  exception when lock_not_available or query_canceled then
    perform pg_advisory_unlock(1952541804, 13);
    return false;
  end;
  return true;
end
$function$;

comment on function tally.await_marks() is
  'Asks writers to ring tally_work when they mark. False where they will not, or where another '
  'session has asked already.';

create or replace function tally.stop_awaiting_marks()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform pg_advisory_unlock(1952541804, 12), pg_advisory_unlock(1952541804, 13);
end
$function$;

comment on function tally.stop_awaiting_marks() is
  'Tells writers not to ring: work looks by itself. The session that was told true calls it.';
