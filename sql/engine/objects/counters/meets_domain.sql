create or replace function tally.meets_domain(tree text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Also within an array, a range or a row: what reads text into one of those checks every value.
  -- What a column holds has been checked before.
  with recursive met as (
    select m[1]::oid as type
    from regexp_matches(tree, ':(?!var)[a-z_]*type(?:id|Id)? ([0-9]+)', 'g') m
    union
    select b.type
    from met
    join pg_type y on y.oid = met.type
    cross join lateral (
      select y.typelem
      union all select y.typbasetype
      union all select r.rngsubtype from pg_range r where met.type in (r.rngtypid, r.rngmultitypid)
      union all select a.atttypid from pg_attribute a
                where a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
    ) b (type)
    where b.type <> 0
  )
  select exists (select from met join pg_type y on y.oid = met.type and y.typtype = 'd')
$function$;

comment on function tally.meets_domain(text) is
  'Whether an expression makes a value of a domain, or one with such in it: its checks call what they '
  'like.';
