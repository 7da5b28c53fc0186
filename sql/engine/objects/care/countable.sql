create or replace function tally.countable(name text, unfilled boolean)
returns bigint[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter  record;
  v_counters bigint[] := '{}';
  v_stuck    regclass[] := array[]::regclass[];
begin
  -- The counters that can be recounted now, their sources locked against TRUNCATE. For one by
  -- name what stands in the way is an error; for all of them a warning, and the others go on.
  if countable.name is null then
    v_stuck := tally.lock_together(array(
      select distinct d.source from tally.definitions d
      join tally.counter_definitions c on c.name = d.name
      where unfilled or c.filled_at is not null
      order by d.source));
  end if;
  for v_counter in
    select d.id, d.name, d.source from tally.definitions d
    join tally.counter_definitions c on c.name = d.name
    where d.name = countable.name
       or (countable.name is null and (unfilled or c.filled_at is not null)
           and not exists (select from tally.dropped x where x.counter = d.id))
    order by d.name
  loop
    begin
      if v_counter.source = any (v_stuck) then
        raise exception using errcode = 'TL008',
          message = format('%s could not be locked', v_counter.source);
      end if;
      perform tally.lock_rows(v_counter.name, v_counter.source);
      perform tally.try_expressions(v_counter.id);
      v_counters := v_counters || v_counter.id;
    exception
      when others or assert_failure then
        if countable.name is not null then
          if sqlstate ~ '^(42|3F)' then
            perform tally.cannot_count(v_counter.name, sqlerrm);
          end if;
          raise;
        end if;
        raise warning using errcode = 'TL013',
          message = format('counter "%s" cannot be recounted: %s', v_counter.name,
                           tally.brief(sqlerrm));
    end;
  end loop;
  return v_counters;
end
$function$;

comment on function tally.countable(text, boolean) is
  'Which counters a recount can be made for, unfilled ones too or not; names the others in a '
  'warning.';
