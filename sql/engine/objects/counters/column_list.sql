create or replace function tally.column_list(source regclass, columns name[])
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each by its full name: so one that is gone is missed, whatever else goes by that name, a
  -- variable of PL/pgSQL or the row itself. Virtual generated columns (PostgreSQL 18) are NULL in a
  -- transition table: there, and so everywhere, their expressions take their place.
  select string_agg(case when a.attgenerated = 'v'
                      then format('%s as %I', pg_get_expr(g.adbin, g.adrelid), u.name)
                      else format('t.%I', u.name) end, ', ' order by u.name)
  from (select distinct c as name from unnest(column_list.columns) c) u
  left join pg_attribute a
    on a.attrelid = column_list.source and a.attname = u.name and a.attnum > 0
  left join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
$function$;

comment on function tally.column_list(regclass, name[]) is
  'Text for generated queries: columns of a table, or of a transition table, called t. No column: '
  'NULL.';
