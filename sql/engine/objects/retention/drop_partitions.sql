create or replace function tally.drop_partitions(rule tally.retentions, old regclass[])
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_call      text := format('select tally.%I($1, $2, $3, $4)',
                             tally.rule_function('drop_partitions', rule.name));
  v_wait      interval := (select s.attach_wait from tally.settings s);
  v_partition regclass;
  v_gone      bigint;
begin
  -- Under the lock nobody writes, so what the partitions count for is exact; it lasts as long as
  -- that takes. The caller holds no lock yet that somebody who waits for this one may need.
  begin
    execute v_call using rule.source, old, 'lock', v_wait;
  exception when lock_not_available then
    raise exception using errcode = 'TL008',
      message = format('%s could not be locked within %s', rule.source, v_wait),
      detail = tally.holders(rule.source),
      hint = 'End the transactions that use it, or try again when it is quieter; '
             'tally.settings.attach_wait says how long to try.';
  end;
  execute v_call into v_gone using rule.source, old, 'count', v_wait;
  foreach v_partition in array old loop
    perform tally.take_partition(rule.source, v_partition, rule.on_drop);
  end loop;
  execute v_call using rule.source, old, 'drop', v_wait;
  return v_gone;
end
$function$;

comment on function tally.drop_partitions(tally.retentions, regclass[]) is
  'Drops old partitions, their counts kept or taken off the counters; how many rows they had.';
