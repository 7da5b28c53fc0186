create or replace function tally.session_settings()
returns jsonb
language sql
volatile
as $function$
  -- No pinned search_path: what is asked for would be its own.
  select coalesce(pg_catalog.jsonb_object_agg(s.name, s.setting), '{}')
  from pg_catalog.pg_settings s
  where s.source operator(pg_catalog.=) 'session'
    and s.name operator(pg_catalog.<>) all (array['role', 'session_authorization', 'transaction_isolation',
                       'transaction_read_only', 'transaction_deferrable'])
$function$;

comment on function tally.session_settings() is
  'What has been set in this session, for tally.restore_settings.';

create or replace function tally.restore_settings(before jsonb)
returns void
language plpgsql
as $function$
declare
  v_setting pg_catalog.record;
begin
  -- No pinned search_path: at this function's end its own would stand for the one that is to be
  -- restored. A setting that a job made with SET would be that of all later work of its session.
  -- One that had not been set before goes back to what the session began with.
  for v_setting in
    select coalesce(a.key, b.key) as name, b.value as old
    from pg_catalog.jsonb_each_text(before) b
    full join pg_catalog.jsonb_each_text(tally.session_settings()) a
      on a.key operator(pg_catalog.=) b.key
    where (a.value operator(pg_catalog.=) b.value) is not true
      and (a.value is not null or b.value is not null)
  loop
    if v_setting.name operator(pg_catalog.=) 'search_path' then
      -- The one before is that of the function that runs jobs. For the session it is the one that
      -- it began with, from the end of the transaction on.
      reset search_path;
      perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    elsif v_setting.old is null then
      execute pg_catalog.format('reset %I', v_setting.name);
    else
      perform pg_catalog.set_config(v_setting.name, v_setting.old, false);
    end if;
  end loop;
end
$function$;

comment on function tally.restore_settings(jsonb) is
  'Undoes what a job has set for its session, and leaves what it has written.';
