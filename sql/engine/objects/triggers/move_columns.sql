create or replace function tally.seen_columns(key_trigger oid)
returns int2[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select array_agg(distinct d.refobjsubid::int2)
  from pg_trigger t
  join pg_depend d on d.classid = 'pg_trigger'::regclass and d.objid = t.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid = t.tgrelid
                  and d.refobjsubid > 0
  where t.oid = key_trigger
$function$;

comment on function tally.seen_columns(oid) is
  'The columns that the condition of a row trigger compares.';

create or replace function tally.move_columns(relation regclass)
returns table (attname name, attnum smallint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The columns whose change may move a row: the partition keys of this table and of every
  -- partitioned table below it, those within key expressions too. And what its triggers look at,
  -- for a partition that is gone and had partitions of its own: functions and triggers look at the same.
  select a.attname, a.attnum
  from pg_attribute a
  where a.attrelid = move_columns.relation and a.attnum > 0 and not a.attisdropped
    and (a.attname in (
        select k.attname
        from pg_partition_tree(move_columns.relation) t
        join pg_partitioned_table p on p.partrelid = t.relid
        join pg_attribute k on k.attrelid = t.relid and k.attnum > 0
        where k.attnum = any (p.partattrs::int2[])
           or p.partexprs::text ~ format(':varattno %s ', k.attnum))
      or exists (
        select from pg_trigger t
        join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
        where t.tgrelid = move_columns.relation and p.proname in ('count_key', 'mark_key')
          and a.attnum = any (tally.seen_columns(t.oid))))
$function$;

comment on function tally.move_columns(regclass) is
  'The columns of a partitioned table whose change may move a row to another partition.';
