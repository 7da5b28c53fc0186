create or replace function tally.column_source(counters bigint[], rows text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The columns that these counters use, each by its full name: so one that is gone is missed,
  -- whatever else goes by that name, a variable of PL/pgSQL or the row itself.
  select case when count(*) = 0 then column_source.rows
              else format('(select %s from %s t)',
                          string_agg(format('t.%I', u.name), ', ' order by u.name),
                          column_source.rows) end
  from (select distinct c as name
        from tally.definitions d, unnest(d.columns) c
        where d.id = any (counters)) u
$function$;

comment on function tally.column_source(bigint[], text) is
  'Text for tally.recount_query: the columns that counters use of a table.';
