create or replace function tally.lock_counter(id bigint, name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_until timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
begin
  -- One declaration or fill of a counter at a time. Anybody who can log in may hold an advisory
  -- lock, so it is tried, not waited for: whoever has it is named.
  while not pg_try_advisory_xact_lock(lock_counter.id) loop
    if clock_timestamp() >= v_until then
      raise exception using errcode = 'TL008',
        message = format('counter "%s" could not be locked within %s', name,
                         (select s.attach_wait from tally.settings s)),
        detail = (select coalesce(
                           'Held by ' || string_agg(distinct format('pid %s (%s, %s, %s)',
                             a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'no name'),
                             coalesce(a.state, 'not to be seen by this role')), '; '),
                           'Nobody holds it any more.')
                  from pg_locks l
                  join pg_stat_activity a on a.pid = l.pid
                  where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
                    and l.pid <> pg_backend_pid()
                    and l.database = (select b.oid from pg_database b
                                      where b.datname = current_database())
                    and l.classid::bigint = (lock_counter.id >> 32) & 4294967295
                    and l.objid::bigint = lock_counter.id & 4294967295),
        hint = 'It is being declared, dropped or filled by that session: wait, or '
               'pg_terminate_backend(pid); tally.settings.attach_wait says how long to try.';
    end if;
    perform pg_sleep(0.01 + random() * 0.02);
  end loop;
end
$function$;

comment on function tally.lock_counter(bigint, text) is
  'Makes this transaction the only one that declares, drops or fills a counter; TL008 names who is '
  'in the way.';
