create or replace function tally.cron_jobs(database text, version text)
returns table (job text, is_home boolean, schedule text, command text)
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- pg_cron tells jobs apart by their name alone, which is 63 bytes, and one that is scheduled again
  -- stays in the database that it was in: so each names the one that it is for.
  select format('pgtally %s in %s', j.job,
                case when octet_length(cron_jobs.database) <= 44 then cron_jobs.database
                     else tally.cut(cron_jobs.database, 35) || '_'
                          || left(md5(cron_jobs.database), 8) end),
         j.is_home, j.schedule, j.command
  from (
    -- From 1.5 on it knows seconds.
    select case when string_to_array(substring(cron_jobs.version from '^[0-9.]+'), '.')::integer[]
                       >= array[1, 5] then '10 seconds' else '* * * * *' end as often
  ) o
  cross join lateral (values
    -- While one call goes on pg_cron makes no second one of the same job. So there are two alike:
    -- of two at work one at most runs jobs. And the limits by themselves, for both may be at work.
    ('tick', false, o.often, 'call tally.cron()'),
    ('beside', false, o.often, 'call tally.cron()'),
    ('limits', false, '* * * * *', 'select tally.cancel_overdue_jobs()'),
    -- Its table is in the database that pg_cron lives in.
    ('prune', true, '17 3 * * *',
     'delete from cron.job_run_details d where d.end_time < now() - interval ''3 days'' '
     'and d.jobid in (select j.jobid from cron.job j where j.jobname ~ ''^pgtally( |$)'')')
  ) j (job, is_home, schedule, command)
$function$;

comment on function tally.cron_jobs(text, text) is
  'What pg_cron is told for a database, and which of it runs where pg_cron lives.';

create or replace function tally.cron_leftovers(database text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- Also those of before a job had its database in its name.
  select format('select j.jobid from cron.job j where j.jobname in (%s) or j.database = %L '
                'and j.jobname in (%L, %L, %L)',
                (select string_agg(quote_literal(c.job), ', ') from tally.cron_jobs(database, '') c),
                database, 'pgtally', 'pgtally limits', 'pgtally prune')
$function$;

comment on function tally.cron_leftovers(text) is
  'Text: a query for those of pg_cron''s jobs that are a database''s.';

create or replace function tally.cron_home()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select case when pg_has_role('pg_read_all_settings', 'usage')
              then current_setting('cron.database_name', true) end
$function$;

comment on function tally.cron_home() is
  'The database that pg_cron lives in; NULL where it is not loaded, or the caller may not know.';

create or replace function tally.check_cron()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
declare
  v_version text := (select e.extversion from pg_extension e where e.extname = 'pg_cron');
  v_home    text := tally.cron_home();
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
    when not pg_has_role('pg_read_all_settings', 'usage') then
      v_why := format('its extension is not created here, and role %I may not see where it lives',
                      current_user);
      v_hint := format('Ask as a superuser, who is told more; or grant pg_read_all_settings to %I;',
                       current_user);
    when coalesce(current_setting('shared_preload_libraries'), '') !~ '\mpg_cron\M' then
      v_why := 'it is installed, and not loaded';
      v_hint := 'shared_preload_libraries = ''pg_cron'' in postgresql.conf, then restart '
                'PostgreSQL.';
    when v_home is distinct from current_database() then
      v_why := format('it lives in database %s', coalesce(v_home, 'postgres'));
      v_hint := format('In that database, as a superuser: create extension if not exists pg_cron; '
                       'select cron.unschedule(o.jobid) from (%s) o; ',
                       tally.cron_leftovers(current_database()))
        || (select string_agg(format('select cron.schedule_in_database(%L, %L, %L, %L);', c.job,
                                     c.schedule, c.command,
                                     case when c.is_home then coalesce(v_home, 'postgres')
                                          else current_database() end), ' ')
            from pg_available_extensions e
            cross join tally.cron_jobs(current_database(), e.default_version) c
            where e.name = 'pg_cron');
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
  v_job      record;
  v_is_there boolean;
begin
  -- Hands the schedule to pg_cron: its jobs belong to the caller and run with his rights. Again
  -- changes nothing but the schedule.
  perform tally.uninstall_cron();
  for v_job in select c.* from tally.cron_jobs(current_database(), v_version) c loop
    begin
      execute format('select cron.schedule(%L, %L, %L)', v_job.job, v_job.schedule, v_job.command);
      -- What it answers is the number of a job, whatever has become of that.
      execute format('select exists (select from cron.job j where j.jobname = %L and j.active '
                     'and (j.database, j.schedule, j.command) = (%L, %L, %L))', v_job.job,
                     current_database(), v_job.schedule, v_job.command) into v_is_there;
    exception when insufficient_privilege then
      raise exception using errcode = 'TL040',
        message = format('role %I may not use pg_cron: %s', current_user, sqlerrm),
        hint = format('As a superuser: grant usage on schema cron to %I;', current_user);
    end;
    if not v_is_there then
      raise exception using errcode = 'TL040',
        message = format('pg_cron was told of job "%s", and does not have it as it was told',
                         v_job.job),
        hint = format('select * from cron.job where jobname = %L; then select '
                      'cron.unschedule(jobid) with what that says.', v_job.job);
    end if;
    v_schedule := coalesce(v_schedule, v_job.schedule);
  end loop;
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
  v_mine  text := tally.cron_leftovers(current_database());
begin
  delete from tally.cron;
  if tally.cron_home() <> current_database() then
    raise warning using errcode = 'TL040',
      message = format('pg_cron lives in database %s: what calls this database from there stays',
                       tally.cron_home()),
      hint = format('In that database: select cron.unschedule(o.jobid) from (%s) o;', v_mine);
  end if;
  if to_regclass('cron.job') is null then
    return 0;
  end if;
  for v_job in execute v_mine loop
    execute format('select cron.unschedule(%s::bigint)', v_job);
    v_jobs := v_jobs + 1;
  end loop;
  return v_jobs;
end
$function$;

comment on function tally.uninstall_cron() is
  'Takes the schedule back from pg_cron; how many of its jobs were taken away.';
