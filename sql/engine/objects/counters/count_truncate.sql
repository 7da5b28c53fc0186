create or replace function tally.count_truncate()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set standard_conforming_strings = on
set array_nulls = on
set bytea_output = 'hex'
set quote_all_identifiers = off
set xmlbinary = 'base64'
set xmloption = 'content'
set lc_time = 'C'
set lc_numeric = 'C'
set lc_monetary = 'C'
set timezone_abbreviations = 'Default'
set default_text_search_config = 'pg_catalog.simple'
set backslash_quote = safe_encoding
set transform_null_equals = off
as $function$
declare
  v_leaf    regclass;
  v_source  regclass := coalesce(pg_partition_root(tg_relid), tg_relid::regclass);
  v_beside  boolean := tg_when = 'BEFORE' and tally.truncated_beside(tg_relid, tg_name);
  v_counter tally.definitions;
begin
  if tally.may_have_moves() then
    -- It sets back the figures that a statement around it is measured by.
    update tally.moves m set changes = null where m.xid = pg_current_xact_id_if_assigned();
  end if;
  -- A TRUNCATE holds the table alone, so no other writer is in flight and a snapshot taken now
  -- sees every row it removes. Not so in REPEATABLE READ and above, whose snapshot is older:
  -- there the counters are filled again instead.
  for v_counter in select d.* from tally.definitions d where d.source = v_source loop
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
      perform tally.stop_counter(v_counter.id, 'truncated in a '
                                 || current_setting('transaction_isolation') || ' transaction');
    elsif v_beside then
      -- What such a trigger removes would be subtracted twice.
      perform tally.stop_counter(v_counter.id,
        format('truncated %s, and a trigger before that may change its rows',
               tg_relid::regclass));
    elsif tg_when = 'AFTER' then
      -- A plain table, or the root with all its partitions, is empty now, but for what a
      -- trigger of the application may have put there: so a recount is cheap.
      begin
        perform tally.check_sight(v_source);
        insert into tally.deltas (counter, scope, delta)
        select c.counter, c.scope, c.actual - c.counted
        from tally.compare(array[v_counter.id]) c;
      exception when others or assert_failure then
        perform tally.stop_counter(v_counter.id, format('truncated: %s', sqlerrm));
      end;
    else
      -- A partition is about to be emptied: what it holds goes. One that has partitions of its
      -- own answers for those that have no trigger yet.
      for v_leaf in
        select tg_relid::regclass where not exists (select from pg_partitioned_table p
                                                    where p.partrelid = tg_relid)
        union all
        select i.inhrelid::regclass from pg_inherits i
        join pg_class c on c.oid = i.inhrelid and c.relkind = 'r'
        where i.inhparent = tg_relid
          and not exists (select from pg_trigger t where t.tgrelid = i.inhrelid
                          and t.tgname = '_500_tally_truncate' and t.tgenabled in ('O', 'A'))
      loop
        begin
          perform tally.check_sight(v_leaf);
          execute format('insert into tally.deltas (counter, scope, delta) '
                         'select %s, c.scope, -c.value from (%s) c where c.value <> 0',
                         v_counter.id, tally.recount_query(v_counter.id, v_leaf));
        exception when others or assert_failure then
          perform tally.stop_counter(v_counter.id, format('truncated %s: %s', v_leaf, sqlerrm));
        end;
      end loop;
    end if;
  end loop;
  perform pg_notify('tally_doorbell', '') from tally.settings s where s.doorbell;
  return null;
end
$function$;

comment on function tally.count_truncate() is
  'Trigger function: counts a TRUNCATE, after it on a plain table, before it on a partition.';
