create or replace function tally.marking_query(watches bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Which documents one statement concerns, each once; a watch that has its table to itself is
  -- asked straight, which is faster where there are many rows. A scope that is too long for a topic
  -- is nobody's document: no reason to fail the write.
  select case when count(*) = 1 then format(
$query$select array_agg(k.summary), array_agg(k.scope)
    from (
      select distinct (%s)::bigint as summary, (%s) collate "C" as scope
      from %s
      where %s
    ) k
    where octet_length(k.scope) <= 512$query$,
      min(w.summary), min(w.scope_sql), tally.marked_rows(watches, event), min(w.filter_sql))
  else format(
$query$select array_agg(k.summary), array_agg(k.scope)
    from (
      select distinct k.summary, k.scope
      from %s
      cross join lateral (values
%s
      ) k (summary, scope, marked)
      where k.marked
    ) k
    where octet_length(k.scope) <= 512$query$,
      tally.marked_rows(watches, event),
      string_agg(format('        (%s, (%s) collate "C", (%s))', w.summary, w.scope_sql,
                        w.filter_sql), E',\n' order by w.id))
  end
  from tally.watches w
  where w.id = any (marking_query.watches)
$function$;

comment on function tally.marking_query(bigint[], text) is
  'Text for tally.build_functions: the documents that one event concerns.';
