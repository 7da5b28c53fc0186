create or replace view tally.time_types as
with recursive t (type) as (
  select y.oid from pg_catalog.pg_type y
  where y.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
    and y.typname in ('date', 'time', 'timetz', 'timestamp', 'timestamptz')
  union
  select u.type
  from t
  cross join lateral (
    select y.oid from pg_catalog.pg_type y where t.type in (y.typelem, y.typbasetype)
    union all
    select v.range from pg_catalog.pg_range r
    cross join lateral (values (r.rngtypid), (r.rngmultitypid)) v (range)
    where r.rngsubtype = t.type
  ) u (type)
)
select t.type from t;

comment on view tally.time_types is
  'The types whose constants may have been written as a word such as now: times, and arrays, ranges '
  'and domains of them.';

create or replace function tally.frozen_words(expression text)
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- PostgreSQL makes a moment of 'now' as soon as it reads it: then the expression says it and the
  -- text that comes back does not. As a text, or a label of an enum, it stays as it is.
  select count(*)
  from regexp_matches(expression, '''((?:[^'']|'''')*)''', 'g') m
  where m[1] ~* '\m(now|today|tomorrow|yesterday)\M'
$function$;

comment on function tally.frozen_words(text) is
  'How many string constants in an expression have a word that a time would take for the present.';
