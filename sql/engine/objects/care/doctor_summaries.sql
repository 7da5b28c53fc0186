create or replace function tally.doctor_summaries()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_summary tally.summary_definitions;
  v_watch   record;
  v_failed  record;
  v_late    interval;
  v_marks   bigint;
begin
  -- Each summary: can its builder be called, do its watches compile, does it build, and in time?
  for v_summary in select s.* from tally.summary_definitions s order by s.name loop
    "check" := format('summary %s', v_summary.name);
    status := 'ok';
    detail := (select format('%s document(s)', count(*)) from tally.documents d
               where d.summary = v_summary.id and d.body is not null);
    remedy := null;
    if not tally.builder_stands(v_summary) then
      status := 'fail';
      detail := case when tally.builder_owner(v_summary.builder) is null
                     then format('its builder %s(text) is gone', v_summary.builder)
                     else format('its builder %s has another owner by now, or tally''s own '
                                 'function around it is gone', v_summary.builder) end;
      remedy := 'Put the builder back; then declare the summary again, with the same words.';
      return next;
      continue;
    end if;
    select count(*) as documents, max(d.attempts) as attempts,
           (array_agg(d.scope order by d.attempts desc))[1] as scope,
           (array_agg(d.error order by d.attempts desc))[1] as error
    into v_failed
    from tally.documents d
    where d.summary = v_summary.id and d.error is not null;
    v_late := clock_timestamp()
              - (select min(u.due_at) from tally.due u where u.summary = v_summary.id);
    if v_failed.documents > 0 then
      status := case when v_failed.attempts > 1 then 'fail' else 'warn' end;
      detail := format('%s document(s) fail, %s time(s) now scope "%s": %s', v_failed.documents,
                       v_failed.attempts, v_failed.scope, v_failed.error);
      remedy := format('Mend %s, or what it reads; then select tally.refresh(%L); or wait.',
                       v_summary.builder, v_summary.name);
    elsif v_late > interval '1 minute' then
      status := 'warn';
      detail := format('%s; one has been due for %s', detail, date_trunc('second', v_late));
      remedy := 'Nobody works, or builders take too long: start a server, or call tally.tick(); '
                'from cron; tally.build_history shows the slow ones.';
    end if;
    return next;
  end loop;

  for v_watch in
    select w.*, s.name, c.oid is null as is_gone
    from tally.watches w
    join tally.summary_definitions s on s.id = w.summary
    left join pg_class c on c.oid = w.source
    order by s.name, w.source::text, w.id
  loop
    begin
      if v_watch.is_gone then
        raise exception 'the table (oid %) is gone', v_watch.source::oid;
      end if;
      perform tally.check_source(v_watch.source);
      perform tally.check_watching(v_watch.id);
    exception when others then
      "check" := format('watch of %s by %s', v_watch.source, v_watch.name);
      status := 'fail';
      detail := format('%s; until then each write there makes every document of the summary due',
                       sqlerrm);
      remedy := format('Put back what it uses; or select tally.unwatch(%L, %s); and watch it as it '
                       'is now.', v_watch.name,
                       case when v_watch.is_gone then v_watch.source::oid::text
                            else quote_literal(v_watch.source) end);
      return next;
    end;
  end loop;

  v_marks := (select count(*) from (select from tally.pending_marks limit 100001) m);
  "check" := 'pending marks';
  status := case when v_marks <= 10000 then 'ok' when v_marks <= 100000 then 'warn' else 'fail' end;
  detail := case when v_marks > 100000 then 'more than 100000' else v_marks::text end;
  remedy := case when v_marks > 10000 then
    'Nobody works: start a server, or call tally.tick(); from cron.' end;
  return next;
end
$function$;

comment on function tally.doctor_summaries() is
  'Part of tally.doctor: each summary, its watches, and what waits.';

create or replace function tally.doctor_marking()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- As tally.doctor_triggers for counting triggers.
  select format('marking triggers on %s', t.relation),
         case when count(*) filter (where t.tgenabled is null or t.tgenabled in ('D', 'R')) = 0
              then 'ok' else 'fail' end,
         case when count(*) filter (where t.tgenabled is null or t.tgenabled in ('D', 'R')) = 0
              then format('%s in place', count(*))
              else concat_ws('; ',
                'missing: ' || string_agg(t.name, ', ' order by t.name)
                  filter (where t.tgenabled is null),
                'disabled: ' || string_agg(t.name, ', ' order by t.name)
                  filter (where t.tgenabled in ('D', 'R'))) end,
         case
           when count(*) filter (where t.tgenabled is null) > 0 then
             format('As its owner: select * from tally.attach(%L);', s.source)
           when count(*) filter (where t.tgenabled in ('D', 'R')) > 0 then
             format('alter table %s %s; then select tally.refresh();', t.relation,
                    string_agg('enable trigger ' || t.name, ', ' order by t.name)
                      filter (where t.tgenabled in ('D', 'R')))
         end
  from tally.watched s
  join pg_class c on c.oid = s.source
  cross join lateral tally.marking_triggers(s.source) t
  group by s.source, t.relation
  union all
  select format('marking functions of %s', s.source), 'fail',
         'missing, edited, or written by another version of pgtally',
         format('As its owner: select * from tally.attach(%L);', s.source)
  from tally.watched s
  join pg_class c on c.oid = s.source
  where not tally.marking_stands(s.source)
  union all
  select format('trigger %s on %s', t.name, t.relation), 'fail',
         format('%s is not part of any watched table', t.relation),
         'As its owner: select * from tally.attach();'
  from tally.stray_marking t
$function$;

comment on function tally.doctor_marking() is 'Part of tally.doctor: the marking triggers.';
