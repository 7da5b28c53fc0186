create or replace function community.counts(p_names text[], p_scopes text[]) returns jsonb
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  -- As tally.counters has them, but many keys in one look: joined to that view, a list of keys is
  -- read by adding up all there is of a counter. NULL is a number that cannot be shown now.
  with keys as materialized (
    select array_agg(n.name order by n.pos, s.pos) as names,
      array_agg(s.scope order by n.pos, s.pos) as scopes
    from unnest(p_names) with ordinality as n (name, pos)
    cross join unnest(p_scopes) with ordinality as s (scope, pos)
  )
  select jsonb_object_agg(g.name, g.numbers)
  from (
    select k.name, jsonb_object_agg(k.scope, r.json::bigint) as numbers
    from keys
    cross join unnest(keys.names, keys.scopes) with ordinality as k (name, scope, pos)
    join tally.read_topics(keys.names, keys.scopes) as r on r.pos = k.pos
    group by k.name
  ) as g
$function$;

comment on function community.counts(text[], text[]) is
  'Counters as {name: {scope: number}}: each of the names, in each of the scopes.';
