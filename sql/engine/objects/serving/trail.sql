create or replace function tally.trail(
  out pulse bigint, out is_pending boolean, out history text, out seen xid8
)
language plpgsql
stable
security definer  -- a server may not read deltas by itself
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- where an index is missing costs look huge, and compiling would take 100 ms
as $function$
begin
  -- Asked once a second by each server, and more often by one that hears nothing.
  pulse := coalesce((select p.pulse from tally.pulses p order by p.pulse desc limit 1), 0);
  is_pending := exists (select from tally.pending);
  history := tally.history();
  seen := coalesce((select f.seen from tally.fold_point f), '0');
end
$function$;

comment on function tally.trail() is
  'How far the pulses have come, whether changes wait for the next one, in which history, and up to '
  'which transaction the last fold saw: what a server compares with what it has heard.';
