create or replace function tally.is_begun()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A crash (which resets statistics), a failover or a restore may have taken pulses back that
  -- somebody has heard of. Until the first pulse after it, versions may be older than those shown.
  return (
    select p.pulse = 0 or pg_is_in_recovery()
           or (p.at > coalesce((select a.stats_reset from pg_stat_archiver a), '-infinity')
               and p.timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8)
               and p.written_by = p.xmin)
    from tally.pulses p
    order by p.pulse desc
    limit 1);
end
$function$;

comment on function tally.is_begun() is
  'Whether the last pulse is of this life of the database, and none can have got lost after it.';
