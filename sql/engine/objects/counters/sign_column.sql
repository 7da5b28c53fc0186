create or replace function tally.sign_column(counters bigint[])
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Longer than any column of that name which these counters use: no other is in their rows, and
  -- so none that is added later can clash with it.
  select 'tally_sign' || repeat('_', coalesce(max(length(c)) - length('tally_sign') + 1, 0))
  from tally.definitions d
  cross join unnest(d.columns) c
  where d.id = any (counters) and c ~ '^tally_sign_*$'
$function$;

comment on function tally.sign_column(bigint[]) is
  'Text for generated functions: the column that is 1 for new rows of an UPDATE and -1 for old ones.';
