create or replace function tally.marked_rows(watches bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What a statement changed, as r: its new rows, its old ones, or both. The columns in use, each
  -- taken by its full name, so that one that is gone is missed whatever PL/pgSQL has of that name.
  -- Virtual generated columns (PostgreSQL 18) are NULL in a transition table: there their
  -- expressions take their place.
  select format('(%s) r', case event
           when 'insert' then c.list || ' from tally_new t'
           when 'delete' then c.list || ' from tally_old t'
           -- Without columns the number of rows is all that counts, and is the same on both sides.
           else c.list || ' from tally_new t'
                || case when c.list = 'select 1' then ''
                        else ' union all ' || c.list || ' from tally_old t' end
         end)
  from (
    select coalesce('select ' || string_agg(
             case when a.attgenerated = 'v'
                  then format('%s as %I', pg_get_expr(g.adbin, g.adrelid), u.column_name)
                  else format('t.%I', u.column_name) end, ', ' order by u.column_name),
             'select 1') as list
    from (select distinct w.source, c as column_name
          from tally.watches w, unnest(w.columns) c
          where w.id = any (marked_rows.watches)) u
    left join pg_attribute a
      on a.attrelid = u.source and a.attname = u.column_name and a.attnum > 0
    left join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
  ) c
$function$;

comment on function tally.marked_rows(bigint[], text) is
  'Text for tally.build_marking: the rows that an event changed.';
