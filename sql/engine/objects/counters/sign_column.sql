create or replace function tally.sign_column(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Longer than any column of that name which the source has itself.
  select 'tally_sign' || repeat('_', coalesce(max(length(a.attname)) - 9, 0))
  from pg_attribute a
  where a.attrelid = sign_column.source and a.attname ~ '^tally_sign_*$'
$function$;

comment on function tally.sign_column(regclass) is
  'Text for tally.counting_rows: what the column is called that tells new rows from old ones.';
