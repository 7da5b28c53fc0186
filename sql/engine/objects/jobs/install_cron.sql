create or replace function tally.check_cron()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
declare
  v_version text := (select e.extversion from pg_extension e where e.extname = 'pg_cron');
  v_home    text := current_setting('cron.database_name', true);
  v_why     text;
  v_hint    text;
begin
  -- Its version, or what stands in the way: each with the way out.
  case
    when v_version is not null then
      return v_version;
    when not exists (select from pg_available_extensions e where e.name = 'pg_cron') then
      v_why := 'it is not installed on this server';
      v_hint := 'A server that runs does all of it without pg_cron: npx pgtally serve. Or use '
                'cron: * * * * * psql -qc ''call tally.tick()''. Or install the package, such as '
                'postgresql-15-cron.';
    when coalesce(current_setting('shared_preload_libraries'), '') !~ '\mpg_cron\M' then
      v_why := 'it is installed, and not loaded';
      v_hint := 'shared_preload_libraries = ''pg_cron'' in postgresql.conf, then restart '
                'PostgreSQL.';
    when v_home is distinct from current_database() then
      v_why := format('it lives in database %s', coalesce(v_home, 'postgres'));
      v_hint := format('In that database, as a superuser: create extension if not exists pg_cron; '
                       'select cron.schedule_in_database(''pgtally'', ''* * * * *'', '
                       '''call tally.cron()'', %L);',
                       current_database());
    else
      v_why := 'its extension is not created in this database';
      v_hint := 'As a superuser: create extension pg_cron; grant usage on schema cron to …;';
  end case;
  raise exception using errcode = 'TL040',
    message = format('pg_cron cannot run jobs in database %s: %s', current_database(), v_why),
    hint = v_hint;
end
$function$;

comment on function tally.check_cron() is
  'The version of pg_cron in this database, or error TL040 that says why it cannot be used.';

create or replace function tally.install_cron()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_version  text := tally.check_cron();
  v_schedule text;
begin
  -- Hands the schedule to pg_cron: its jobs belong to the caller and run with his rights. From 1.5
  -- on it knows seconds. Again changes nothing but the schedule.
  v_schedule := case
    when string_to_array(substring(v_version from '^[0-9.]+'), '.')::integer[] >= array[1, 5]
    then '10 seconds' else '* * * * *' end;
  perform tally.uninstall_cron();
  begin
    execute format('select cron.schedule(%L, %L, %L)', 'pgtally', v_schedule, 'call tally.cron()');
    -- By itself: while one call goes on pg_cron makes no second one of the same job.
    execute format('select cron.schedule(%L, %L, %L)', 'pgtally limits', '* * * * *',
                   'select tally.cancel_overdue_jobs()');
    execute format('select cron.schedule(%L, %L, %L)', 'pgtally prune', '17 3 * * *',
      'delete from cron.job_run_details d where d.end_time < now() - interval ''3 days'' '
      'and d.jobid in (select j.jobid from cron.job j where j.jobname ~ ''^pgtally( |$)'')');
  exception when insufficient_privilege then
    raise exception using errcode = 'TL040',
      message = format('role %I may not use pg_cron: %s', current_user, sqlerrm),
      hint = format('As a superuser: grant usage on schema cron to %I;', current_user);
  end;
  insert into tally.cron (installed_by, schedule) values (session_user, v_schedule);
  return format('pg_cron %s: %s', v_version, v_schedule);
end
$function$;

comment on function tally.install_cron() is
  'Hands pulse, work and jobs to pg_cron: every 10 seconds, or every minute before 1.5. It stands '
  'back while a server attends. tally.uninstall_cron() undoes it.';

create or replace function tally.uninstall_cron()
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_job   bigint;
  v_jobs  integer := 0;
begin
  delete from tally.cron;
  if to_regclass('cron.job') is null then
    return 0;
  end if;
  for v_job in
    execute format('select j.jobid from %s j where j.jobname ~ %L and j.database = %L',
                   'cron.job', '^pgtally( (limits|prune))?$', current_database())
  loop
    execute format('select %s(%s::bigint)', 'cron.unschedule', v_job);
    v_jobs := v_jobs + 1;
  end loop;
  return v_jobs;
end
$function$;

comment on function tally.uninstall_cron() is
  'Takes the schedule back from pg_cron; how many of its jobs were taken away.';
