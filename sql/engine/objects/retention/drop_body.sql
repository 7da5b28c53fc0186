create or replace function tally.drop_body(rule tally.retentions)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that takes one partition away, in two steps: first its writers are kept out and
  -- its rows counted, which may take long and keeps no reader waiting; then it is dropped, which
  -- keeps everybody out of the whole table, for a moment.
  select format(
$body$
declare
  v_until timestamptz := clock_timestamp() + %1$I.wait;
  v_rows  bigint;
begin
  -- For a partition of %2$s, and for nothing else.
  if not exists (select from pg_inherits i
                 where i.inhrelid = %1$I.partition and i.inhparent = %3$L::regclass) then
    return null;
  end if;
  loop
    begin
      if %1$I.dry then
        execute format('lock table %%s in share row exclusive mode', %1$I.partition);
        execute format('select count(*) from %%s', %1$I.partition) into v_rows;
      else
        lock table %2$s in access exclusive mode;
        execute format('drop table %%s', %1$I.partition);
      end if;
      return v_rows;
    exception when lock_not_available then
      -- Asked for again and again, a little at a time: whoever comes meanwhile waits behind us.
      if clock_timestamp() >= v_until then
        raise;
      end if;
    end;
    perform pg_sleep(0.02 + random() * 0.08);
  end loop;
end
$body$, tally.rule_function('drop_partition', rule.name), rule.source, rule.source::text)
$function$;

comment on function tally.drop_body(tally.retentions) is
  'Text for tally.build_retention: what takes a partition away.';
