create or replace function tally.doctor_pulse()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select 'pulse', 'ok',
         format('number %s, %s; %s', s.pulse, date_trunc('second', s.pulsed_at),
                case when s.attended then 'a server attends' else 'nobody attends' end),
         null
  from tally.status s
  union all
  select 'pulse lock', 'warn',
         format('held by pid %s (%s, %s) since %s', a.pid, a.usename,
                concat_ws(', ', coalesce(nullif(a.application_name, ''), 'no name'), a.state),
                date_trunc('second', coalesce(a.xact_start, s.pulsed_at))),
         'No other session can pulse until it ends its transaction: end it, or '
         'pg_terminate_backend(pid).'
  from (select distinct h.pid from tally.turn_holders h) l
  join pg_stat_activity a on a.pid = l.pid
  cross join tally.status s
  -- Since when others' transactions are open, tally_owner may not see; nothing was folded since then.
  where coalesce(a.xact_start, s.pulsed_at) < clock_timestamp() - interval '10 s'
  union all
  select 'pending deltas',
         case when s.pending <= 10 * x.allowed then 'ok'
              when s.pending <= 100 * x.allowed then 'warn' else 'fail' end,
         format('%s%s', s.pending,
                coalesce(', for at most ' || date_trunc('second', s.pending_since_at_most), '')),
         case when s.pending > 10 * x.allowed then
           'Nobody folds: start a server, or call tally.tick(); from cron. Numbers stay exact.' end
  from tally.status s
  cross join (select greatest(t.fold_at, 1000) as allowed from tally.settings t) x
$function$;

comment on function tally.doctor_pulse() is 'Part of tally.doctor: what is pending.';
