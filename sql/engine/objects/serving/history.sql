create or replace function tally.history()
returns text
language plpgsql
stable
security definer  -- a server may not read drops
set search_path = pg_catalog, pg_temp
set jit = off  -- its plans may be made where sequential scans are made to look dear
as $function$
begin
  -- Pulse numbers mean something within one history only. Another one begins with another
  -- cluster, database or installation, on failover, and when PostgreSQL starts again, also after
  -- a crash, which resets the archiver's statistics. A counter that is dropped and declared anew
  -- begins one too: what it counted under its old declaration says nothing. As to a crash: commits
  -- that were announced and not flushed may be gone then. Until the first pulse after it there is
  -- none to name: what is read then may have an older version than somebody has seen.
  return (
    select case when l.is_begun then left(md5(concat_ws('/',
             s.system_identifier,
             l.timeline,
             -- The folder of a database has its number; looking that up takes longer.
             regexp_replace(pg_relation_filepath('tally.pulses'), '[^/]*$', ''),
             'tally.pulses'::regclass::oid,
             (select count(*) from tally.drops),
             extract(epoch from pg_postmaster_start_time()),
             extract(epoch from l.stats_reset))), 8) end
    from tally.life l cross join pg_control_system() s);
end
$function$;

comment on function tally.history() is
  'Eight hex digits that stand for the history in which pulse numbers count on. Event ids carry them. '
  'NULL after a crash or a failover, until the first pulse.';
