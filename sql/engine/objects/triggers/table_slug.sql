create or replace function tally.table_slug(source regclass, kind text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- schema_table, as far as it is plain and free; else shortened, with a piece of its hash.
  select case
    when s.plain = s.wanted and length(s.plain) <= 45
         and not exists (select from tally.triggered_tables o
                         where o.kind = table_slug.kind and o.slug = s.plain)
      then s.plain
    else left(s.plain, 36) || '_' || left(md5(s.wanted || c.oid), 8)
  end
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select n.nspname || '_' || c.relname as wanted,
           regexp_replace(lower(n.nspname || '_' || c.relname), '[^a-z0-9_]', '_', 'g') as plain
  ) s
  where c.oid = table_slug.source
$function$;

comment on function tally.table_slug(regclass, text) is
  'What names the trigger functions of a table that is now counted or watched.';
