create or replace function tally.doctor_summaries()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_summary tally.summary_definitions;
  v_failed  record;
  v_late    interval;
begin
  -- Each summary: can its builder be called, does it build, and in time?
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
      -- All of the error is in tally.summaries.
      detail := format('%s document(s) fail; that of scope "%s" has failed %s time(s): %s',
                       v_failed.documents, v_failed.scope, v_failed.attempts,
                       case when length(v_failed.error) <= 200 then v_failed.error
                            else left(v_failed.error, 100) || ' … ' || right(v_failed.error, 97)
                            end);
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
end
$function$;

comment on function tally.doctor_summaries() is 'Part of tally.doctor: each summary.';
