create or replace function tally.doctor_clock()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Nothing is ever written with a time to come, but for when something is next to be done.
  select 'clock', case when l.at is null then 'ok' else 'warn' end,
         case when l.at is null then 'no row is later than now()'
              else format('the clock was put back: %s has a row of %s, %s later than now()',
                          l.place, date_trunc('second', l.at),
                          date_trunc('second', l.at - clock_timestamp())) end,
         case when l.at is not null then
           'Set the clock right. What counts is right whatever it says; documents and jobs of the '
           'future are due now, and the work does them.' end
  from (select) o
  left join lateral (
    select t.place, t.at
    from (
      select 'tally.documents', max(greatest(d.built_at, d.tried_at)) from tally.documents d
      union all
      select 'tally.due', max(d.due_since) from tally.due d
      union all
      select 'tally.marks', max(m.marked_at) from tally.pending_marks m
      union all
      select 'tally.jobs', max(j.last_at) from tally.jobs j
      union all
      select 'tally.definitions', max(d.created_at) from tally.definitions d
      union all
      select 'tally.pulses', p.pulsed_at from (select f.at as pulsed_at from tally.fold_point f) p
    ) t (place, at)
    where t.at > clock_timestamp() + interval '1 second'
    order by t.at desc
    limit 1
  ) l on true
$function$;

comment on function tally.doctor_clock() is
  'Part of tally.doctor: whether the clock was put back.';
