create or replace function tally.next_pulse()
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  -- More pulses than can get lost between two looks of the WAL writer, or on the way to a standby.
  v_jump constant bigint := 10000;
begin
  -- Numbers in the order of commits: who takes one holds this lock to its commit, so take it
  -- late. "Changed since pulse N" would miss a change that commits under a lower number.
  --
  -- A crash (which resets statistics), a failover or a restore may have taken pulses back that
  -- somebody has heard of. Their numbers are not given to others: whoever keeps the highest
  -- version he has seen would keep a wrong value.
  perform pg_advisory_xact_lock(1952541804, 2);
  return (
    select p.pulse + 1
           + case when p.pulse = 0 then 0
                  when p.at <= (select a.stats_reset from pg_stat_archiver a)
                       or p.timeline <> left(pg_walfile_name(pg_current_wal_lsn()), 8)
                       or p.written_by <> p.xmin
                  then v_jump else 0 end
    from tally.pulses p
    order by p.pulse desc
    limit 1);
end
$function$;

comment on function tally.next_pulse() is
  'The next pulse''s number, reserved to the end of the transaction.';
