create or replace function tally.doctor_counters()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter record;
  v_state   text;
begin
  -- Each counter: is its source there, does it compile, is it filled, was it exact when last
  -- looked at, does its number fit. A table that a crash has emptied, having been unlogged for a
  -- while, has no page: that costs no look at its rows.
  for v_counter in
    select d.id, c.* from tally.counter_definitions c join tally.definitions d on d.name = c.name
    order by c.name
  loop
    "check" := format('counter %s', v_counter.name);
    status := 'ok';
    detail := 'filled';
    remedy := null;
    if v_counter.state = 'source gone' then
      status := 'fail';
      detail := format('its source (oid %s) is gone', v_counter.source::oid);
      remedy := format('select tally.drop_counter(%L);', v_counter.name);
      return next;
      continue;
    end if;
    begin
      perform tally.check_source(v_counter.source);
      perform tally.check_sight(v_counter.source);
      perform tally.try_expressions(v_counter.id);
    exception when others or assert_failure then
      get stacked diagnostics v_state = returned_sqlstate, remedy = pg_exception_hint;
      status := 'fail';
      detail := sqlerrm;
      if v_state = 'TL003' then
        remedy := remedy || format(' select tally.drop_counter(%L); drops this one.',
                                   v_counter.name);
      elsif v_state not like 'TL%' then
        remedy := format('Put back what it uses (%3$s), then select tally.fill(%1$L); or '
          'select tally.drop_counter(%1$L); and declare it as %2$s is now.',
          v_counter.name, v_counter.source,
          case when v_state = '42501'
            then 'grant usage on schema … to tally_owner; and grant execute on function … to '
                 'tally_owner;'
            else 'its search_path is pinned: a function''s body names every schema' end);
      end if;
      return next;
      continue;
    end;
    if v_counter.state <> 'filled' then
      status := case v_counter.state when 'filling' then 'warn' else 'fail' end;
      detail := format('%s: it shows no number%s', v_counter.state,
                       coalesce('; ' || v_counter.error, ''));
      remedy := format('call tally.tick(); or select tally.fill(%L); fills it.', v_counter.name);
    elsif v_counter.error is not null then
      status := 'fail';
      detail := v_counter.error;
      remedy := 'Correct the rows whose amount is too large: it comes back by itself.';
      if exists (select from tally.beyond b
                 where b.counter = v_counter.id and abs(b.value) > 1e59) then
        remedy := format('Correct the rows whose amount is too large, then select * from '
                         'tally.repair(%L);', v_counter.name);
      end if;
    elsif (select v.differences > 0 from tally.verifications v where v.counter = v_counter.id) then
      status := 'fail';
      detail := (select format('%s difference(s) found by tally.verify on %s', v.differences,
                               date_trunc('second', v.verified_at))
                 from tally.verifications v where v.counter = v_counter.id);
      remedy := format('select * from tally.repair(%L); and find out what went past the triggers, or '
                       'which function that it uses is declared immutable and is not.',
                       v_counter.name);
    elsif (select c.relkind = 'r' from pg_class c where c.oid = v_counter.source)
          and pg_relation_size(v_counter.source) = 0
          and exists (select from tally.exact e where e.counter = v_counter.id and e.value <> 0) then
      status := 'warn';
      detail := format('its source is empty and it is not: was %s unlogged in a crash?',
                       v_counter.source);
      remedy := format('select * from tally.verify(%1$L); select * from tally.repair(%1$L);',
                       v_counter.name);
    end if;
    return next;
  end loop;
end
$function$;

comment on function tally.doctor_counters() is 'Part of tally.doctor: each counter.';
