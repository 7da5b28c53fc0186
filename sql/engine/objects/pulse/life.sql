create or replace view tally.life as
select l.timeline, l.stats_reset,
       l.is_standby
         or (p.stats_reset is not distinct from l.stats_reset and p.timeline = l.timeline
             and p.written_by = p.xmin) as is_begun
from (
  -- offset 0: so that each is asked once.
  select pg_catalog.pg_is_in_recovery() as is_standby,
         (select a.stats_reset from pg_catalog.pg_stat_archiver a) as stats_reset,
         case when pg_catalog.pg_is_in_recovery()
              then (select upper(lpad(to_hex(c.timeline_id), 8, '0'))
                    from pg_catalog.pg_control_checkpoint() c)
              else left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8)
              end as timeline
  offset 0
) l
cross join lateral (
  select o.stats_reset, o.timeline, o.written_by, o.xmin
  from tally.pulses o
  order by o.pulse desc
  limit 1
) p;

comment on view tally.life is
  'This life of the database: its timeline, when it last crashed, and whether a pulse has begun it.';
comment on column tally.life.stats_reset is
  'A crash resets the statistics of the archiver. NULL: nobody ever did.';
comment on column tally.life.is_begun is
  'Whether the last pulse is of this life, and none can have got lost after it. A crash, a failover '
  'or a restore may have taken pulses back that somebody has heard of: until the first one after it, '
  'versions may be older than those shown.';
