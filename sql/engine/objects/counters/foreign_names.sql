create or replace function tally.foreign_names(sql_text text)
returns text[]
language sql
immutable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- As tally.check_expression writes an expression, what is not PostgreSQL's own has the name of its
  -- schema, and a string doubles its quotes. Ours come and go with the version.
  select coalesce(array_agg(m[1] order by m[1]), '{}')
  from regexp_matches(
    regexp_replace(foreign_names.sql_text, '''(?:[^'']|'''')*''', '''''', 'g'),
    '((?:\m[a-z_][\w$]*|"(?:[^"]|"")+")\.(?:[[:alpha:]_][\w$]*|"(?:[^"]|"")+"|[-+*/<>=~!@#%^&|`?]+))',
    'g') m
  where m[1] !~ '^tally\.'
$function$;

comment on function tally.foreign_names(text) is
  'The functions, operators and types of other schemas that an expression names, in order.';
