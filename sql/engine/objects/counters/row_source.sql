create or replace function tally.row_source(source regclass, transition text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- A transition table as the expressions expect it. Virtual generated columns (PostgreSQL 18)
  -- are NULL in it: there their expressions take their place.
  select case
    when count(*) filter (where a.attgenerated = 'v') = 0 then row_source.transition
    else format('(select %s from %s)',
           string_agg(case when a.attgenerated = 'v'
                        then format('%s as %I', pg_get_expr(g.adbin, g.adrelid), a.attname)
                        else quote_ident(a.attname) end, ', ' order by a.attnum),
           row_source.transition)
  end
  from pg_attribute a
  left join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
  where a.attrelid = row_source.source and a.attnum > 0 and not a.attisdropped
$function$;

comment on function tally.row_source(regclass, text) is
  'What counting statements select from: the transition table, virtual columns filled in.';
