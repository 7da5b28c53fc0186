create or replace function tally.find_differences(which text)
returns table (name text, scope text, counted numeric, actual numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counters bigint[];
  v_row      record;
  v_found    jsonb := '{}';
begin
  -- Each difference between a counter and its rows, all from one snapshot, while writers go on.
  -- Counters that show no number are left out: there is nothing of theirs to be wrong.
  if which is not null then
    perform tally.check_readable(which);
  end if;
  v_counters := tally.countable(which, false);
  for v_row in
    select d.name, d.state from tally.counter_definitions d
    where which is null and d.state <> 'filled'
    order by d.name
  loop
    raise warning using errcode = 'TL015',
      message = format('counter "%s" shows no number and is left out: %s', v_row.name, v_row.state);
  end loop;
  for v_row in
    select d.name, c.*
    from tally.compare(v_counters, which is null) c
    join tally.definitions d on d.id = c.counter
    -- Not what a TRUNCATE that we waited for has taken out of service meanwhile.
    join tally.counter_definitions r on r.name = d.name and r.filled_at is not null
  loop
    v_found := jsonb_set(v_found, array[v_row.counter::text],
                         to_jsonb(coalesce((v_found ->> v_row.counter::text)::bigint, 0) + 1));
    name := v_row.name;
    scope := v_row.scope;
    counted := v_row.counted;
    actual := v_row.actual;
    return next;
  end loop;

  if not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off' then
    insert into tally.verifications as v (counter, verified_at, differences)
    select i.id, clock_timestamp(), coalesce((v_found ->> i.id::text)::bigint, 0)
    from unnest(v_counters) i (id)
    on conflict on constraint verifications_pkey do update
      set verified_at = excluded.verified_at, differences = excluded.differences;
  end if;
end
$function$;

comment on function tally.find_differences(text) is
  'What tally.verify does. PL/pgSQL lets no parameter and result column share the name "name".';
