create or replace function tally.references_to(source regclass)
returns table (name text, child regclass, action "char", matches text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The foreign keys of which rows of source are the parents, and how a row c of the child names
  -- its parent tally_row. A key's copies on partitions go with the key itself.
  select k.conname::text, k.conrelid::regclass, k.confdeltype,
         (select string_agg(format('c.%I = tally_row.%I', a.attname, b.attname), ' and '
                            order by u.n)
          from unnest(k.conkey, k.confkey) with ordinality u (child, parent, n)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.child
          join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.parent)
  from pg_constraint k
  where k.contype = 'f' and k.conparentid = 0
    and k.confrelid in (select f from tally.family(references_to.source) f)
  order by k.conrelid::regclass::text, k.conname
$function$;

comment on function tally.references_to(regclass) is
  'The foreign keys that refer to a table, with what they do when a row of it is deleted.';
