create or replace function tally.partitioning_slug(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select left(regexp_replace(lower(c.relname), '[^a-z0-9]+', '_', 'g'), 30) || '_'
         || left(md5(c.relnamespace::regnamespace || '.' || c.relname), 8)
  from pg_class c
  where c.oid = partitioning_slug.source
$function$;

comment on function tally.partitioning_slug(regclass) is
  'Names the function that makes a table''s partitions: tally.make_partition_<slug>.';
