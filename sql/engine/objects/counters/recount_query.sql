create or replace function tally.recount_query(counter bigint, relation regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The oracle: what the rows themselves say. relation is the source or one of its partitions.
  select format('select (%s) collate "C" as scope, coalesce(sum(%s), 0) as value from %s r '
                'where (%s) and (%s) is not null group by 1',
                d.scope_sql, d.amount_sql,
                tally.row_source(array[d.id], recount_query.relation::text),
                d.filter_sql, d.scope_sql)
  from tally.definitions d
  where d.id = recount_query.counter
$function$;

comment on function tally.recount_query(bigint, regclass) is
  'The query that recounts a counter from the rows of its source, or of one partition.';
