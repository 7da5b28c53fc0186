create or replace function tally.attend()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- Held by the session that pulses, to its end: no lease that could expire. While it is held
  -- writers leave the folding to it.
  select pg_try_advisory_lock(1952541804, 4)
$function$;

comment on function tally.attend() is
  'Makes this session the one that pulses, unless another is. It stays so until it ends.';

create or replace function tally.fall_asleep()
returns boolean
language plpgsql
security definer  -- a server may not read tally.settings by itself
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $function$
begin
  -- From now on every writer rings. Taken by waiting, not by trying: a place in the lock's queue
  -- makes the writers' tries fail, and a try would starve among many of them. A writer holds it
  -- for microseconds; should a session have kept it, stay awake rather than wait for that.
  if not (select s.doorbell from tally.settings s) then
    return false;
  end if;
  perform pg_advisory_lock(1952541804, 3);
  return true;
exception when lock_not_available then
  return false;
end
$function$;

comment on function tally.fall_asleep() is
  'Asks writers to ring tally_doorbell at each commit. False where they will not: stay awake then.';

create or replace function tally.stay_awake()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- Writers ring no more: the pulse beats by its own clock.
  select pg_advisory_unlock(1952541804, 3)
$function$;

comment on function tally.stay_awake() is
  'Tells writers that nobody needs their ringing. A pulse that beats fast says so.';

create or replace function tally.doorbell()
returns boolean
language sql
stable
security definer  -- a server may not read tally.settings by itself
set search_path = pg_catalog, pg_temp
as $function$
  select s.doorbell from tally.settings s
$function$;

comment on function tally.doorbell() is
  'Whether writers ring at all: tally.settings.doorbell. A sleeping pulse looks now and then.';
