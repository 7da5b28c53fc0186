create or replace function tally.lock_source(source regclass, mode text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $function$
declare
  v_until timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
begin
  -- Waits for the writers in flight, so that none of them is half seen; and at most 100 ms at a
  -- time, because writers that come meanwhile queue behind the wait.
  loop
    begin
      execute format('lock table %s in %s mode', source, mode);
      return;
    exception when lock_not_available then
      if clock_timestamp() >= v_until then
        raise exception using errcode = 'TL008',
          message = format('%s could not be locked within %s', source,
                           (select s.attach_wait from tally.settings s)),
          detail = tally.holders(source),
          hint = 'End the transactions that write to it, or try again when it is quieter; '
                 'tally.settings.attach_wait says how long to try.';
      end if;
    end;
    perform pg_sleep(0.02 + random() * 0.08);
  end loop;
end
$function$;

comment on function tally.lock_source(regclass, text) is
  'Locks a source against writers, or against all, waiting 100 ms at a time; TL008 '
  'names who is in the way.';
