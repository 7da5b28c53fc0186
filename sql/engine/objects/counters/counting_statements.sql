create or replace function tally.counting_statements(slug text, event text)
returns table (counter bigint, statement text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each of a source's counters by itself: for the writes that come while one of them is broken.
  select d.id, tally.counting_statement(array[d.id], counting_statements.event)
  from tally.sources s
  join tally.definitions d on d.source = s.source
  where s.slug = counting_statements.slug
  order by d.name
$function$;

comment on function tally.counting_statements(text, text) is
  'The counting statement of each counter of a source, one by one.';
