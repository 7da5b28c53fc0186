create or replace function tally.rule_settings()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- For functions that run a rule's expressions: whoever calls, they mean the same. Hidden rows are
  -- an error and not passed over; a lock that somebody else holds is waited for no longer than
  -- this.
  select
$settings$set search_path = pg_catalog, pg_temp
set row_security = off
set lock_timeout = '100ms'
set jit = off
$settings$ || tally.pinned_settings()
$function$;

comment on function tally.rule_settings() is
  'Text for the functions of a rule: the settings that they pin.';
