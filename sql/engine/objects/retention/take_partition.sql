create or replace function tally.take_partition(source regclass, partition regclass, on_drop text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
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
  v_counter bigint;
begin
  -- What a partition counts for, whose writers are locked out and which will be dropped in this
  -- transaction: taken off the counters, or remembered, so that a recount adds it.
  for v_counter in
    select d.id from tally.definitions d where d.source = take_partition.source order by d.id
  loop
    begin
      perform tally.check_sight(partition);
      if on_drop = 'keep' then
        execute format('insert into tally.kept as k (counter, scope, value) '
                       'select %s, c.scope, c.value from (%s) c where c.value <> 0 order by '
                       'c.scope on conflict on constraint kept_pkey do update '
                       'set value = k.value + excluded.value',
                       v_counter, tally.recount_query(v_counter, partition));
      else
        execute format('insert into tally.deltas (counter, scope, delta) '
                       'select %s, c.scope, -c.value from (%s) c where c.value <> 0',
                       v_counter, tally.recount_query(v_counter, partition));
      end if;
    exception when others or assert_failure then
      -- A counter that cannot be recounted shows no number as it is. Kept would be lost for ever.
      if on_drop = 'keep' then
        raise;
      end if;
      perform tally.stop_counter(v_counter, format('dropped %s: %s', partition, sqlerrm));
    end;
  end loop;
  perform tally.mark_source(source);
  perform pg_notify('tally_doorbell', '') from tally.settings s where s.doorbell;
end
$function$;

comment on function tally.take_partition(regclass, regclass, text) is
  'Takes what a partition counts for off the counters of its table, or keeps it, before it is '
  'dropped.';
