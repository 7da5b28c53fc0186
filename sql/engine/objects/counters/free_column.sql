create or replace function tally.free_column(source regclass, wanted text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Longer than any column of that name which the source has itself.
  select wanted || repeat('_', coalesce(max(length(a.attname)) - length(wanted) + 1, 0))
  from pg_attribute a
  where a.attrelid = free_column.source and a.attname ~ ('^' || wanted || '_*$')
$function$;

comment on function tally.free_column(regclass, text) is
  'A column name of ours that the source has not taken.';
