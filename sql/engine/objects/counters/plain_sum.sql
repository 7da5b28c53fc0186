create or replace function tally.plain_sum(counter bigint, transition text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- A counter without scope needs no grouping: one number from one look.
  select format('(select %s from %s r where %s)',
           case when d.amount is null then 'count(*)'
                else format('coalesce(sum(%s), 0)', d.amount_sql) end,
           tally.row_source(array[d.id], plain_sum.transition), d.filter_sql)
  from tally.definitions d
  where d.id = plain_sum.counter
$function$;

comment on function tally.plain_sum(bigint, text) is
  'Text for tally.function_body: what a counter without scope finds in a transition table.';
