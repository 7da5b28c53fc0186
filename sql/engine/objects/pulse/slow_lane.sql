create or replace function tally.take_slow_lane()
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- Pieces of work that may take long, a fill, a slow builder, a job, are done by one session at a
  -- time: so where two work, one is left for what is quick. Held to the end of the transaction.
  select pg_try_advisory_xact_lock(1952541804, 11)
$function$;

comment on function tally.take_slow_lane() is
  'Whether this transaction is the one that may do work that takes long.';
