create or replace function tally.past_partitions(rule tally.retentions, cutoff timestamptz)
returns table (partition regclass, hindrance text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Partitions of which every row has to go, to judge by their bounds. Not where other tables refer
  -- to the rows: each of those has to be looked at.
  select b.partition, tally.partition_hindrance(b.partition, c.relowner)
  from tally.partition_bounds(rule.source) b
  join pg_class c on c.oid = rule.source
  where not b.is_default and b.to_at <= cutoff
    and rule.filter is null
    and rule.age_sql = quote_ident(tally.partition_column(rule.source))
    and not exists (select from tally.references_to(rule.source))
  order by b.to_at
$function$;

comment on function tally.past_partitions(tally.retentions, timestamptz) is
  'The partitions whose time is over by a retention, and what keeps them from being dropped.';
