create or replace function tally.marking_queries(slug text, event text)
returns table (summary bigint, query text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each of a source's watches by itself: for the writes that come while one of them is broken.
  select w.summary, tally.marking_query(array[w.id], marking_queries.event)
  from tally.watched s
  join tally.watches w on w.source = s.source
  where s.slug = marking_queries.slug
  order by w.id
$function$;

comment on function tally.marking_queries(text, text) is
  'The marking query of each watch of a table, one by one.';
