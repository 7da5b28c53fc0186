create or replace function tally.take_slow_lane(kind text)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- Pieces of work that may take long keep a lane to the end of their transaction. There are three:
  -- one for documents, one for upkeep (fills and jobs), and one for whoever comes. So neither keeps
  -- the other waiting, and of four sessions that work one is left for what is quick.
  select case
    when pg_try_advisory_xact_lock(1952541804,
                                   case take_slow_lane.kind when 'documents' then 15 else 16 end)
    then true
    else pg_try_advisory_xact_lock(1952541804, 11) end
$function$;

comment on function tally.take_slow_lane(text) is
  'Whether this transaction may do work that takes long: documents, or upkeep.';
