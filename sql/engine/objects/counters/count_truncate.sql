create or replace function tally.count_truncate()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set lc_time = 'C'
set lc_numeric = 'C'
set lc_monetary = 'C'
as $function$
declare
  v_leaf    regclass := tg_relid;
  v_source  regclass := coalesce(pg_partition_root(tg_relid), tg_relid::regclass);
  v_counter tally.definitions;
begin
  -- A TRUNCATE holds the table alone, so no other writer is in flight and a snapshot taken now
  -- sees every row it removes. Not so in REPEATABLE READ and above, whose snapshot is older:
  -- there the counters are filled again instead.
  for v_counter in select d.* from tally.definitions d where d.source = v_source loop
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
      perform tally.stop_counter(v_counter.id, 'truncated in a '
                                 || current_setting('transaction_isolation') || ' transaction');
    elsif tg_when = 'AFTER' then
      -- A plain table is empty now: whatever the counter stands at goes.
      insert into tally.deltas (counter, scope, delta)
      select e.counter, e.scope, -e.value
      from tally.exact e
      where e.counter = v_counter.id and e.value <> 0;
    else
      -- A partition is about to be emptied: what it holds goes.
      begin
        perform tally.check_sight(v_leaf);
        execute format('insert into tally.deltas (counter, scope, delta) '
                       'select %s, c.scope, -c.value from (%s) c where c.value <> 0',
                       v_counter.id, tally.recount_query(v_counter.id, v_leaf));
      exception when others then
        perform tally.stop_counter(v_counter.id, format('truncated %s: %s', v_leaf, sqlerrm));
      end;
    end if;
  end loop;
  return null;
end
$function$;

comment on function tally.count_truncate() is
  'Trigger function: counts a TRUNCATE, after it on a plain table, before it on a partition.';
