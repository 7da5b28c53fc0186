create or replace function tally.doctor_server()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select 'server version',
         case when v.number between 150000 and 189999 then 'ok'
              when v.number >= 190000 then 'warn' else 'fail' end,
         'PostgreSQL ' || current_setting('server_version'),
         case when v.number not between 150000 and 189999
              then 'pgtally is made for PostgreSQL 15 to 18.' end
  from (select current_setting('server_version_num')::integer as number) v
  union all
  select 'standby',
         case when pg_is_in_recovery() then 'warn' else 'ok' end,
         case when pg_is_in_recovery() then 'this server is a standby: it can be read only'
              else 'this server takes writes' end,
         case when pg_is_in_recovery() then 'Pulse, work and repair on the primary.' end
  union all
  select 'notification queue',
         case when q.usage < 0.1 then 'ok' when q.usage < 0.5 then 'warn' else 'fail' end,
         format('%s %% full', round((q.usage * 100)::numeric, 1)),
         case when q.usage >= 0.1 then
           'A session that listens is in a long transaction: see pg_stat_activity, and end it.' end
  from (select case when pg_is_in_recovery() then 0 else pg_notification_queue_usage() end as usage) q
  union all
  select 'old snapshots',
         case when count(*) = 0 then 'ok' else 'warn' end,
         case when count(*) = 0 then 'no transaction is older than 10 minutes'
              else format('%s transaction(s) older than 10 minutes: pid %s', count(*),
                          string_agg(a.pid::text, ', ' order by a.xact_start)) end,
         case when count(*) > 0 then
           'Dead rows cannot be removed while they last: end them, or pg_terminate_backend(pid).' end
  from pg_stat_activity a
  where a.datname = current_database() and a.xact_start < clock_timestamp() - interval '10 minutes'
    and a.backend_type = 'client backend'
  union all
  select 'prepared transactions',
         case when count(*) = 0 then 'ok' else 'warn' end,
         case when count(*) = 0 then 'none'
              else format('%s, the oldest since %s: %s', count(*),
                          date_trunc('second', min(x.prepared)), string_agg(x.gid, ', ')) end,
         case when count(*) > 0 then
           'Their changes are not counted until COMMIT PREPARED; forgotten ones hold dead rows.' end
  from pg_prepared_xacts x
  where x.database = current_database()
  union all
  select 'doorbell and prepared transactions',
         case when s.doorbell and current_setting('max_prepared_transactions') <> '0'
              then 'warn' else 'ok' end,
         format('doorbell is %s, max_prepared_transactions is %s',
                case when s.doorbell then 'on' else 'off' end,
                current_setting('max_prepared_transactions')),
         case when s.doorbell and current_setting('max_prepared_transactions') <> '0' then
           'If an application uses PREPARE TRANSACTION: update tally.settings set doorbell = false;'
           end
  from tally.settings s
$function$;

comment on function tally.doctor_server() is 'Part of tally.doctor: the server around us.';
