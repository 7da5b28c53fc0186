create or replace function tally.job_key(name text)
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select hashtextextended('tally.job.' || name, 0)
$function$;

comment on function tally.job_key(text) is
  'The advisory lock that a session holds from when it runs that job to the end of its transaction.';

create or replace function tally.job_end_key(name text)
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select hashtextextended('tally.job.' || name, 1)
$function$;

comment on function tally.job_end_key(text) is
  'The advisory lock that the same session holds as well once that job has ended.';

create or replace function tally.end_job(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Says that the job has ended, while its transaction goes on: nobody cancels it from here on.
  -- Whoever is cancelling it now has the same lock for less than a millisecond, unless he stands
  -- still, and is waited for, so that he hits the job and not what comes next. Anybody may have it: it
  -- is not waited for longer.
  for i in 1 .. 2000 loop
    exit when pg_try_advisory_xact_lock(tally.job_end_key(name));
    perform pg_sleep(0.001);
  end loop;
end
$function$;

comment on function tally.end_job(text) is
  'Part of tally.run_job: from here on tally.cancel_overdue_jobs leaves this session alone.';

create or replace function tally.run_job(name text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
declare
  v_job     tally.jobs;
  v_started timestamptz;
  v_next    timestamptz;
  v_result  text;
  v_rows    bigint;
  v_before  jsonb := tally.session_settings();
begin
  -- One job, if it is due and nobody else runs it. The lock is taken before the row is looked at:
  -- whoever waited for nothing sees what the last run has left.
  if not pg_try_advisory_xact_lock(tally.job_key(run_job.name)) then
    return false;
  end if;
  select j.* into v_job from tally.jobs j
  where j.name = run_job.name
    and j.name in (select d.name from tally.due_jobs d where d.due_at <= clock_timestamp())
  for no key update skip locked;
  if not found then
    return false;
  end if;
  v_started := clock_timestamp();
  begin
    -- Set to -infinity, it has no time of the day to keep to.
    v_next := tally.next_time(case when isfinite(v_job.next_at)
                                   then least(v_job.next_at, v_started) else v_started end,
                              v_job.every);
    -- The next of its times that is still to come: what was missed is made up for once. The job
    -- itself may say that it wants to go on sooner.
    update tally.jobs j
    set next_at = v_next, last_at = v_started
    where j.name = run_job.name;
    if v_job.command ~* '^\s*(select|values|table)\y' then
      execute v_job.command into v_result;
    else
      execute v_job.command;
      get diagnostics v_rows = row_count;
      v_result := format('%s rows', v_rows);
    end if;
    perform tally.end_job(run_job.name);
    perform tally.restore_settings(v_before);
    update tally.jobs j
    set last_ms = tally.ms_since(v_started), last_result = coalesce(tally.brief(v_result), 'done'),
        last_error = null, failures = 0
    where j.name = run_job.name;
  exception when query_canceled or others or assert_failure then
    begin
      perform tally.end_job(run_job.name);
    exception when query_canceled then
      null;  -- a second one, of the same job: what failed is recorded nevertheless
    end;
    if sqlstate = '57014' and clock_timestamp() - now() <= v_job.time_limit then
      -- The caller's own time limit, or his cancel: no failure of the job.
      raise;
    end if;
    update tally.jobs j
    set last_at = v_started, last_ms = tally.ms_since(v_started), last_result = null,
        last_error = case when sqlstate = '57014'
          then format('took longer than its time limit of %s', v_job.time_limit)
          else tally.brief(sqlerrm) end,
        failures = j.failures + 1,
        -- Sooner than its time, at first after a minute, and later and later.
        next_at = least(v_next,
                        clock_timestamp() + interval '1 minute' * 2 ^ least(j.failures, 12))
    where j.name = run_job.name;
    raise warning using errcode = 'TL041',
      message = format('job "%s" failed: %s', run_job.name, tally.brief(sqlerrm));
  end;
  return true;
end
$function$;

comment on function tally.run_job(text) is
  'Runs one job if it is due and no other session runs it. A failure is recorded and harms no '
  'other.';

create or replace function tally.ms_since(started timestamptz)
returns real
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select (extract(epoch from clock_timestamp() - started) * 1000)::real
$function$;

comment on function tally.ms_since(timestamptz) is 'Milliseconds from then to now.';

create or replace function tally.next_time(last timestamptz, every interval)
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- a day has 24 hours
as $function$
  -- In step with the last one, so that what runs at three in the morning goes on doing so.
  select last + every
         * (floor(extract(epoch from greatest(clock_timestamp() - last, interval '0'))
                  / extract(epoch from every)) + 1)::double precision
$function$;

comment on function tally.next_time(timestamptz, interval) is
  'The first time after now that is whole intervals after the last.';
