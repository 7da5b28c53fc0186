create or replace function tally.counting_rows(counters bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each row of the transition tables with each counter of the source, as k (counter, scope,
  -- amount, counted): what may have to be counted.
  select format(
$from$  from %s
  cross join lateral (values
%s
  ) k (counter, scope, amount, counted)
  where k.counted and k.scope is not null$from$,
    tally.event_rows(counters, event),
    string_agg(format('    (%s, (%s) collate "C", %s, %s)',
                      d.id, d.scope_sql, d.amount_sql, d.filter_sql), E',\n' order by d.name))
  from tally.definitions d
  where d.id = any (counters)
$function$;

comment on function tally.counting_rows(bigint[], text) is
  'Text for tally.build_functions: the rows of one event, with each counter that may count them.';
