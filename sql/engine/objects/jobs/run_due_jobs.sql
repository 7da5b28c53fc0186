create or replace function tally.run_due_jobs()
returns integer
language plpgsql
security definer  -- a server may run jobs, which run as tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_name text;
  v_ran  integer := 0;
begin
  -- Each in a subtransaction of its own. Those that another session is running are left to it.
  perform tally.check_isolation('tally.run_due_jobs');
  for v_name in
    select j.name from tally.due_jobs j
    where j.due_at <= clock_timestamp()
    order by j.due_at, j.name
  loop
    if tally.run_job(v_name) then
      v_ran := v_ran + 1;
    end if;
  end loop;
  return v_ran;
end
$function$;

comment on function tally.run_due_jobs() is
  'Runs what is due of tally.jobs; how many. tally.work does it by itself.';
