create or replace function tally.is_sound(counter bigint, relation regclass)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set row_security = on  -- nobody's rows are read here
as $function$
begin
  -- Called by counting triggers, with the table that they fire for: the source or a partition of
  -- it. ONLY, and not the source by name: neither the partitions below nor the root above may be
  -- locked by the writer, and somebody may hold them.
  execute (
    select format('select from (select (%s), (%s), (%s) from %s r) c limit 0',
                  d.scope_sql, d.amount_sql, d.filter_sql,
                  tally.row_source(array[d.id], 'only ' || is_sound.relation))
    from tally.definitions d
    where d.id = is_sound.counter);
  return true;
exception when others or assert_failure then
  return false;
end
$function$;

comment on function tally.is_sound(bigint, regclass) is
  'Whether everything that a counter''s expressions use is there, asked of one table of its source.';
