create or replace function tally.watch_slug(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- As tally.source_slug: schema_table, as far as it is plain and free.
  select case
    when s.plain = s.wanted and length(s.plain) <= 45
         and not exists (select from tally.watched o where o.slug = s.plain)
      then s.plain
    else left(s.plain, 36) || '_' || left(md5(s.wanted || c.oid), 8)
  end
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select n.nspname || '_' || c.relname as wanted,
           regexp_replace(lower(n.nspname || '_' || c.relname), '[^a-z0-9_]', '_', 'g') as plain
  ) s
  where c.oid = watch_slug.source
$function$;

comment on function tally.watch_slug(regclass) is
  'What names a watched table''s trigger functions.';
