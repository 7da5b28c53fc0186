create or replace function tally.references_to(source regclass)
returns table (name text, child regclass, action "char")
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The foreign keys of which rows of source are the parents. A key's copies on partitions go with
  -- the key itself.
  select k.conname::text, k.conrelid::regclass, k.confdeltype
  from pg_constraint k
  where k.contype = 'f' and k.conparentid = 0
    -- One that is not enforced (PostgreSQL 18) protects nothing.
    and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
    and k.confrelid in (select f from tally.family(references_to.source) f)
  order by k.conrelid::regclass::text, k.conname
$function$;

comment on function tally.references_to(regclass) is
  'The foreign keys that refer to a table, with what they do when a row of it is deleted.';

create or replace function tally.referred_tables(source regclass)
returns setof regclass
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Up the foreign keys, over any number of tables, with or without rules of their own. A partition
  -- stands for its whole table.
  with recursive keys as (
    select distinct coalesce(pg_partition_root(k.conrelid), k.conrelid::regclass) as child,
           coalesce(pg_partition_root(k.confrelid), k.confrelid::regclass) as parent
    from pg_constraint k
    where k.contype = 'f' and k.conparentid = 0
      and to_jsonb(k) ->> 'conenforced' is distinct from 'false'
  ), referred (relation) as (
    select k.parent from keys k where k.child = referred_tables.source
    union
    select k.parent from referred r join keys k on k.child = r.relation
  )
  select r.relation from referred r
$function$;

comment on function tally.referred_tables(regclass) is
  'The tables that rows of a table refer to by foreign keys, and those that these refer to.';
