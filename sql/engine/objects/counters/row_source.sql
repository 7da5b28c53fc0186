create or replace function tally.row_source(counters bigint[], rows text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- No more than the columns that these counters use.
  select coalesce('(select ' || tally.column_list(u.source, u.columns) || ' from ' || rows || ' t)',
                  rows)
  from (select d.source, array_agg(c) filter (where c is not null) as columns
        from tally.definitions d
        left join unnest(d.columns) c on true
        where d.id = any (counters)
        group by d.source) u
$function$;

comment on function tally.row_source(bigint[], text) is
  'What counting statements and recounts select from: the columns that counters use of a '
  'transition table, or of the table itself.';
