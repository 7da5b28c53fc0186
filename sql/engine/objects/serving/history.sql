create or replace function tally.history()
returns text
language plpgsql
stable
security definer  -- a server may not read drops
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Pulse numbers mean something within one history only. Another one begins with another
  -- cluster, database or installation, on failover, and when PostgreSQL starts again, also after
  -- a crash, which resets the archiver's statistics. A counter that is dropped and declared anew
  -- begins one too: what it counted under its old declaration says nothing. As to a crash: commits that were announced and not flushed
  -- may be gone then. Until the first pulse after it there is none to name: what is read then may
  -- have an older version than somebody has seen.
  if not tally.is_begun() then
    return null;
  end if;
  return (
    select left(md5(concat_ws('/',
             s.system_identifier,
             case when pg_is_in_recovery()
                  then (select lpad(to_hex(c.timeline_id), 8, '0') from pg_control_checkpoint() c)
                  else lower(left(pg_walfile_name(pg_current_wal_lsn()), 8)) end,
             (select d.oid from pg_database d where d.datname = current_database()),
             'tally.pulses'::regclass::oid,
             (select count(*) from tally.drops),
             extract(epoch from pg_postmaster_start_time()),
             (select extract(epoch from a.stats_reset) from pg_stat_archiver a))), 8)
    from pg_control_system() s);
end
$function$;

comment on function tally.history() is
  'Eight hex digits that stand for the history in which pulse numbers count on. Event ids carry them. '
  'NULL after a crash or a failover, until the first pulse.';
