create or replace function tally.rule_reach(source regclass)
returns table (kind text, relation regclass, columns name[])
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What deleting rows of a table has to do with others, down the foreign keys that are enforced.
  -- A partition stands for its whole table.
  with recursive keys as (
    select coalesce(pg_partition_root(k.conrelid), k.conrelid::regclass) as child,
           coalesce(pg_partition_root(k.confrelid), k.confrelid::regclass) as parent,
           s.columns, case when k.confdeltype in ('n', 'd') and s.is_fixed then 'r'
                           else k.confdeltype end as action
    from pg_constraint k
    cross join lateral (
      select array_agg(a.attname) as columns, bool_or(a.attnotnull) as is_fixed
      from pg_attribute a
      where a.attrelid = k.conrelid
        and a.attnum = any (coalesce(nullif(k.confdelsetcols, '{}'), k.conkey))
    ) s
    where k.contype = 'f' and k.conparentid = 0
      and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
  ), family (relation) as (
    select rule_reach.source
    union
    select i.inhrelid::regclass
    from family f
    join pg_inherits i on i.inhparent = f.relation
    join pg_class c on c.oid = i.inhrelid and not c.relispartition
  ), taken (relation) as (
    select f.relation from family f
    union
    select k.child from taken t join keys k on k.parent = t.relation and k.action = 'c'
  )
  select 'takes', t.relation, null::name[] from taken t
  union all
  select case when k.action in ('a', 'r') then 'is held by' else 'sets' end, k.child, k.columns
  from taken t
  join keys k on k.parent = t.relation and k.action <> 'c'
$function$;

comment on function tally.rule_reach(regclass) is
  'The tables from which rows go when rows of a table are deleted (takes), those that may forbid '
  'it (is held by), and those whose columns are set to null or a default (sets).';
