create or replace function tally.row_source(counters bigint[], transition text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The columns that these counters use, each taken from the transition table by its full name:
  -- so one that is gone is missed, whatever PL/pgSQL has of that name. Virtual generated columns
  -- (PostgreSQL 18) are NULL in a transition table: there their expressions take their place.
  select case
    when count(u.column_name) = 0 then row_source.transition
    else format('(select %s from %s t)',
           string_agg(case when a.attgenerated = 'v'
                        then format('%s as %I', pg_get_expr(g.adbin, g.adrelid), u.column_name)
                        else format('t.%I', u.column_name) end, ', ' order by u.column_name),
           row_source.transition)
  end
  from (select distinct d.source, c as column_name
        from tally.definitions d, unnest(d.columns) c
        where d.id = any (counters)) u
  left join pg_attribute a on a.attrelid = u.source and a.attname = u.column_name and a.attnum > 0
  left join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
$function$;

comment on function tally.row_source(bigint[], text) is
  'What counting statements select from: the columns they use of a transition table.';
