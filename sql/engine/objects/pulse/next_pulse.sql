create or replace function tally.next_pulse()
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Numbers in the order of commits: who takes one holds this lock to its commit, so take it
  -- late. "Changed since pulse N" would miss a change that commits under a lower number.
  perform pg_advisory_xact_lock(1952541804, 2);
  return (select coalesce(max(p.pulse), 0) + 1 from tally.pulses p);
end
$function$;

comment on function tally.next_pulse() is
  'The next pulse''s number, reserved to the end of the transaction.';
