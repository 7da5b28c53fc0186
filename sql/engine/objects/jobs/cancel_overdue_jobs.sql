create or replace function tally.held_jobs()
returns table (name text, pid integer, time_limit interval)
language sql
volatile
security definer  -- a server may not read tally.jobs by itself
set search_path = pg_catalog, pg_temp
as $function$
  -- Looked at once: a job that ends meanwhile runs or has ended, and nothing between.
  with locks as materialized (
    select l.pid, l.classid::bigint << 32 | l.objid::bigint as key
    from pg_locks l
    join pg_database d on d.oid = l.database and d.datname = current_database()
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
  )
  select j.name, l.pid, j.time_limit
  from tally.jobs j
  join locks l on l.key = tally.job_key(j.name)
  where not exists (select from locks e where e.pid = l.pid and e.key = tally.job_end_key(j.name))
$function$;

comment on function tally.held_jobs() is
  'The jobs whose lock a session holds, and which have not ended: they run now.';

create or replace function tally.running_jobs()
returns table (name text, pid integer, since timestamptz, is_overdue boolean)
language sql
volatile  -- with the caller's rights: who may not see another's session does not see since when
set search_path = pg_catalog, pg_temp
as $function$
  -- A transaction begins a moment before its job.
  select h.name, h.pid, a.xact_start, clock_timestamp() - a.xact_start > h.time_limit
  from tally.held_jobs() h
  left join pg_stat_get_activity(h.pid) a on true
$function$;

comment on function tally.running_jobs() is
  'The jobs that run now, in which session, since when, and whether they take longer than they '
  'may.';

create or replace function tally.cancel_overdue_jobs()
returns integer
language plpgsql  -- with the caller's rights: a role may cancel what it runs itself
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_job      record;
  v_canceled integer := 0;
begin
  -- A statement's time limit is set before it begins, so a function cannot give one to a part of
  -- itself: another session has to look. A cancelled job records that, and comes again.
  for v_job in select r.* from tally.running_jobs() r where r.is_overdue loop
    begin
      -- With this lock the job cannot end between the look and the cancel, nor does anybody else
      -- cancel it. Rolled back, so that it is not kept: the job waits for it.
      if pg_try_advisory_xact_lock(tally.job_end_key(v_job.name)) then
        perform from tally.running_jobs() r
        where r.name = v_job.name and r.pid = v_job.pid and r.is_overdue;
        if found and pg_cancel_backend(v_job.pid) then
          v_canceled := v_canceled + 1;
        end if;
      end if;
      raise exception using errcode = 'triggered_action_exception', message = 'looked at';
    exception when triggered_action_exception then
      null;
    when insufficient_privilege then
      raise notice 'job "%" takes longer than it may, and runs as another role, in pid %',
        v_job.name, v_job.pid;
    end;
  end loop;
  return v_canceled;
end
$function$;

comment on function tally.cancel_overdue_jobs() is
  'Cancels jobs that take longer than their time_limit, where they run as the caller''s role; '
  'how many.';
