create or replace function tally.drop_body(rule tally.retentions)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that takes old partitions away, in steps. lock: everybody is kept out of the
  -- table, which is locked before its partitions, as writers do it; what cannot be had in 100 ms is
  -- let go of and asked for again, so that nobody is held up for longer, or ends in a deadlock.
  -- count: how many rows they have. drop: they go.
  select format(
$body$
declare
  v_until     timestamptz := clock_timestamp() + %1$I.wait;
  v_partition regclass;
  v_count     bigint;
  v_rows      bigint := 0;
begin
%2$s  -- For partitions of its table, and for nothing else.
  if exists (select from unnest(%1$I.old) o (partition)
             where not exists (select from pg_inherits i where i.inhrelid = o.partition
                               and i.inhparent = v_source)) then
    raise exception using message = format('not all of them are partitions of %%s', v_source);
  end if;
  case %1$I.step
    when 'lock' then
      loop
        begin
          execute format('lock table only %%s in access exclusive mode', v_source);
          foreach v_partition in array %1$I.old loop
            execute format('lock table %%s in access exclusive mode', v_partition);
          end loop;
          return 0;
        exception when lock_not_available then
          if clock_timestamp() >= v_until then
            raise;
          end if;
        end;
        perform pg_sleep(0.02 + random() * 0.08);
      end loop;
    when 'count' then
      foreach v_partition in array %1$I.old loop
        execute format('select count(*) from %%s', v_partition) into v_count;
        v_rows := v_rows + v_count;
      end loop;
    when 'drop' then
      foreach v_partition in array %1$I.old loop
        execute format('drop table %%s', v_partition);
      end loop;
  end case;
  return v_rows;
end
$body$, tally.rule_function('drop_partitions', rule.name), tally.owner_check())
$function$;

comment on function tally.drop_body(tally.retentions) is
  'Text for tally.build_retention: what takes old partitions away.';
