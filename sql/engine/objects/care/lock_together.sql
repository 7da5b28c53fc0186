create or replace function tally.lock_together(sources regclass[])
returns regclass[]
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $function$
declare
  v_until  timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
  v_left   regclass[] := sources;
  v_stuck  regclass[] := array[]::regclass[];
  v_first  regclass;
  v_waited regclass[] := array[]::regclass[];
  v_source regclass;
begin
  -- ACCESS SHARE on many tables, without making an application that truncates them in another order
  -- the victim of a deadlock: waited for is one only, while no other is held, and the others are had
  -- at once or not at all. After attach_wait those are left out that were waited for in vain.
  loop
    begin
      foreach v_source in array array_remove(v_first || v_left, null) loop
        begin
          execute format('lock table %s in access share mode%s', v_source,
                         case when v_source = v_first then '' else ' nowait' end);
        exception
          when lock_not_available then
            raise;
          when others or assert_failure then
            null;  -- it is gone, or hidden: who counts it says so
        end;
      end loop;
      exit;
    exception when lock_not_available then
      -- What was locked so far is free again.
      if clock_timestamp() >= v_until and v_source = any (v_waited) then
        v_stuck := v_stuck || v_source;
        v_left := array_remove(v_left, v_source);
        v_first := null;
      else
        v_first := v_source;
        v_waited := v_waited || v_source;
      end if;
    end;
    perform pg_sleep(0.02 + random() * 0.08);
  end loop;
  return v_stuck;
end
$function$;

comment on function tally.lock_together(regclass[]) is
  'Locks tables for recounts, all or none, and waiting only while none is held; returns those that '
  'could not be locked within settings.attach_wait.';
