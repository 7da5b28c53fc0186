create or replace function tally.next_pulse()
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  -- More pulses than can get lost between two looks of the WAL writer, or on the way to a standby.
  v_jump constant bigint := 10000;
begin
  -- Numbers in the order of commits: who takes one holds this row to its commit, so take it
  -- late. "Changed since pulse N" would miss a change that commits under a lower number.
  --
  -- Numbers that may have got lost are not given to others: whoever keeps the highest version that
  -- he has seen would keep a wrong value.
  perform from tally.turns t where t.name = 'number' for update;
  return (select max(p.pulse) from tally.pulses p)
         + case when (select l.is_begun from tally.life l) then 1 else v_jump end;
end
$function$;

comment on function tally.next_pulse() is
  'The next pulse''s number, reserved to the end of the transaction.';
