create or replace function tally.holds_time(type oid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  with recursive parts as (
    select holds_time.type as oid
    union
    select p.oid
    from parts t
    cross join lateral (
      select y.typelem as oid from pg_type y where y.oid = t.oid
      union all
      select y.typbasetype from pg_type y where y.oid = t.oid
      union all
      select r.rngsubtype from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)
      union all
      select a.atttypid from pg_type y join pg_attribute a on a.attrelid = y.typrelid
      where y.oid = t.oid and y.typtype = 'c' and a.attnum > 0 and not a.attisdropped
    ) p
    where p.oid <> 0
  )
  select exists (
    select from parts t
    where t.oid in ('date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype,
                    'timestamptz'::regtype))
$function$;

comment on function tally.holds_time(oid) is
  'Whether the text of a value of this type may be a word such as now: times, and arrays, ranges, '
  'domains and rows of them.';

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
