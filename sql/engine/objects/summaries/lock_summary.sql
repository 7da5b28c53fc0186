create or replace function tally.lock_summary(id bigint, name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_until timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
begin
  -- Against every build of the summary, which hold this lock shared: tried, because a place in the
  -- lock's queue would keep builds from beginning while a slow one ends.
  while not pg_try_advisory_xact_lock(lock_summary.id) loop
    if clock_timestamp() >= v_until then
      raise exception using errcode = 'TL023',
        message = format('summary "%s" could not be locked within %s', name,
                         (select s.attach_wait from tally.settings s)),
        detail = (select coalesce(
                           'Held by ' || string_agg(distinct format('pid %s (%s, %s since %s)',
                             a.pid, coalesce(nullif(a.application_name, ''), 'no name'), a.state,
                             date_trunc('second', a.xact_start)), '; '),
                           'Nobody holds it any more.')
                  from pg_locks l
                  join pg_stat_activity a on a.pid = l.pid
                  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
                    and l.pid <> pg_backend_pid()
                    and l.database = (select b.oid from pg_database b
                                      where b.datname = current_database())
                    and l.classid::bigint = (lock_summary.id >> 32) & 4294967295
                    and l.objid::bigint = lock_summary.id & 4294967295),
        hint = 'A document of it is being built: wait, or pg_terminate_backend(pid); '
               'tally.settings.attach_wait says how long to try.';
    end if;
    perform pg_sleep(0.01 + random() * 0.02);
  end loop;
end
$function$;

comment on function tally.lock_summary(bigint, text) is
  'Keeps every build of a summary out; TL023 names who is in the way.';
