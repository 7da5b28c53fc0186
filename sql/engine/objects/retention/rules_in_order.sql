create or replace function tally.rules_in_order(which text default null)
returns table (name text, place bigint, concerns text[], is_circular boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Rows that refer to others go before these: so a parent goes in the clean-up that takes its
  -- children, and a child counts for its own rule and not as what a cascade took along. A table
  -- refers to more tables than those do to which it refers. Rules of one table go by name.
  -- One may depend on a later one all the same: where that takes rows along, of whatever table,
  -- that hold its own, or sets what its filter looks at.
  with rules as materialized (
    select r.name, r.source, r.filter_sql || ' ' || r.age_sql as looks_at, t.referred
    from tally.retentions r
    cross join lateral (select array(select f from tally.referred_tables(r.source) f) as referred) t
    where rules_in_order.which is null or r.name = rules_in_order.which
  ), reach as materialized (
    select r.name, t.kind, t.relation, t.columns
    from rules r
    cross join lateral tally.rule_reach(r.source) t
  ), placed as materialized (
    select r.*, row_number() over (order by cardinality(r.referred) desc, r.name) as place
    from rules r
  )
  select p.name, p.place, c.names, c.is_circular
  from placed p
  cross join lateral (
    select coalesce(array_agg(o.name), '{}'::text[]) as names,
           coalesce(bool_or(o.place < p.place), false) as is_circular
    from placed o
    where o.source = any (p.referred) and o.source <> p.source
       or o.source = p.source and o.place > p.place
       or o.source <> p.source and exists (
         select from reach t
         join reach h on h.name = o.name and h.kind = 'is held by' and h.relation = t.relation
         where t.name = p.name and t.kind = 'takes')
       or o.source <> p.source and exists (
         select from reach s, unnest(s.columns) c (attname)
         where s.name = p.name and s.kind = 'sets' and s.relation = o.source
           and position(quote_ident(c.attname) in o.looks_at) > 0)
  ) c
  order by p.place
$function$;

comment on function tally.rules_in_order(text) is
  'The rules of retention in the order in which they clean up, each with those whose figures depend '
  'on it. is_circular: such a one comes before it.';
