create or replace function tally.top(name text, n integer)
returns table (scope text, value bigint, rank bigint)
language sql
stable
security definer  -- what it calls looks up tally.totals for others, too
set search_path = pg_catalog, pg_temp
as $function$
  select t.scope, t.value, t.rank
  from tally.top_after(top.name, top.n, null, null) with ordinality t (scope, value, rank)
  order by t.rank
$function$;

comment on function tally.top(text, integer) is
  'The n highest scopes of a ranked counter, exact now; equal values in the order of scope.';
