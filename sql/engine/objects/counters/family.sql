create or replace function tally.family(source regclass)
returns setof regclass
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The tables that a statement about the source can name: itself, and every partition below
  -- it. A statement trigger fires only for the table that the statement names.
  select family.source
  union
  select t.relid from pg_partition_tree(family.source) t
$function$;

comment on function tally.family(regclass) is
  'The source and all its partitions: each carries counting triggers of its own.';
