create or replace function tally.mend_differences(which text, dry_run boolean)
returns table (name text, scope text, counted numeric, actual numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter bigint;
begin
  -- Puts differences right by appending them, each counter's in one snapshot: safe under
  -- writers. Returns what it put right; dry_run, what it would. It fills what is not filled.
  if which is not null then
    perform tally.check_name(which);
  end if;
  if coalesce(dry_run, false) then
    return query
    select d.name, c.scope, c.counted, c.actual
    from unnest(tally.countable(which, true)) i (id)
    join tally.definitions d on d.id = i.id
    cross join lateral tally.compare(array[i.id], which is null) c;
    return;
  end if;
  perform tally.check_isolation('tally.repair');
  perform tally.stop_unfit() where which is null;
  foreach v_counter in array tally.countable(which, true) loop
    begin
      return query
      select d.name, c.scope, c.counted, c.actual
      from tally.recount(v_counter) c
      join tally.definitions d on d.id = v_counter;
      insert into tally.verifications as v (counter, verified_at, differences)
      values (v_counter, clock_timestamp(), 0)
      on conflict on constraint verifications_pkey do update
        set verified_at = excluded.verified_at, differences = 0;
    exception when others or assert_failure then
      if which is not null then
        if sqlstate ~ '^(42|3F)' then
          perform tally.cannot_count(which, sqlerrm);
        end if;
        raise;
      end if;
      raise warning using errcode = 'TL013',
        message = format('counter "%s" could not be repaired: %s',
          (select d.name from tally.definitions d where d.id = v_counter), tally.brief(sqlerrm));
    end;
  end loop;
end
$function$;

comment on function tally.mend_differences(text, boolean) is
  'What tally.repair does. PL/pgSQL lets no parameter and result column share the name "name".';
