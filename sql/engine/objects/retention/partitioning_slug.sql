create or replace function tally.partitioning_slug(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The one that it has had from the beginning, or one for a table that has none yet. It goes by
  -- the oid as well: two tables may bear the same name one after the other.
  select coalesce(
    (select p.slug from tally.partitionings p where p.source = partitioning_slug.source),
    (select left(regexp_replace(lower(c.relname), '[^a-z0-9]+', '_', 'g'), 30) || '_'
            || left(md5(c.oid || '.' || c.relnamespace::regnamespace || '.' || c.relname), 8)
     from pg_class c
     where c.oid = partitioning_slug.source))
$function$;

comment on function tally.partitioning_slug(regclass) is
  'Names the function that makes a table''s partitions: tally.make_partition_<slug>.';
