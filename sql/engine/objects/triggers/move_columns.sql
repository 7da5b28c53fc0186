create or replace function tally.move_columns(relation regclass)
returns table (attname name, attnum smallint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The columns whose change may move a row: the partition keys of this table and of every
  -- partitioned table below it, those within key expressions too.
  select a.attname, a.attnum
  from pg_attribute a
  where a.attrelid = move_columns.relation and a.attnum > 0 and not a.attisdropped
    and a.attname in (
      select k.attname
      from pg_partition_tree(move_columns.relation) t
      join pg_partitioned_table p on p.partrelid = t.relid
      join pg_attribute k on k.attrelid = t.relid and k.attnum > 0
      where k.attnum = any (p.partattrs::int2[])
         or p.partexprs::text ~ format(':varattno %s ', k.attnum))
$function$;

comment on function tally.move_columns(regclass) is
  'The columns of a partitioned table whose change may move a row to another partition.';
