create or replace function community.counts(p_names text[], p_scopes text[]) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- As tally.counters has them, but for many keys at once: joined to that view, a list of keys is
  -- read by adding up all there is of a counter. NULL is a number that cannot be shown now.
  select jsonb_object_agg(n.name, (
    select jsonb_object_agg(k.scope, r.json::bigint)
    from unnest(p_scopes) with ordinality as k (scope, pos)
    join tally.read_topics(array_fill(n.name, array[cardinality(p_scopes)]), p_scopes) as r
      on r.pos = k.pos
  ))
  from unnest(p_names) as n (name)
$function$;

comment on function community.counts(text[], text[]) is
  'Counters as {name: {scope: number}}: each of the names, in each of the scopes.';
