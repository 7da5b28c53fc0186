create or replace function tally.partition_bounds(source regclass)
returns table (partition regclass, is_default boolean, from_at timestamptz, to_at timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set timezone = 'UTC'  -- a date and a timestamp without time zone are taken in UTC
set datestyle = 'ISO, YMD'
as $function$
  -- The partitions right below a table that is partitioned by ranges of one column of time.
  select b.partition, b.bound = 'DEFAULT',
         case when b.low in ('MINVALUE', '''-infinity''') then '-infinity'
              else b.low::text end::timestamptz,
         case when b.high in ('MAXVALUE', '''infinity''') then 'infinity'
              else b.high::text end::timestamptz
  from (
    select p.partition, p.bound,
           trim(both '''' from substring(p.bound from '^FOR VALUES FROM \((.*)\) TO \(')) as low,
           trim(both '''' from substring(p.bound from ' TO \((.*)\)$')) as high
    from (select i.inhrelid::regclass as partition, pg_get_expr(c.relpartbound, c.oid) as bound
          from pg_inherits i
          join pg_class c on c.oid = i.inhrelid
          where i.inhparent = partition_bounds.source and not i.inhdetachpending) p
  ) b
$function$;

comment on function tally.partition_bounds(regclass) is
  'The partitions of a table that is partitioned by time, and the time that each holds.';

create or replace function tally.partition_column(source regclass)
returns name
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select a.attname
  from pg_partitioned_table p
  join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
  where p.partrelid = partition_column.source and p.partstrat = 'r' and p.partnatts = 1
    and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
$function$;

comment on function tally.partition_column(regclass) is
  'The one column of time by whose ranges a table is partitioned, or NULL.';
