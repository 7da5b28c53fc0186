create or replace function tally.partitions_to_leave(rule tally.retentions, cutoff timestamptz)
returns oid[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Rows that are deleted one by one are always subtracted: so those that counters are to keep wait
  -- until their partition can be dropped.
  select array(select t.relid::oid
               from tally.past_partitions(rule, cutoff) p
               cross join lateral pg_partition_tree(p.partition) t
               where p.hindrance is not null and rule.on_drop = 'keep')
$function$;

comment on function tally.partitions_to_leave(tally.retentions, timestamptz) is
  'Partitions that cannot be dropped, and whose rows a retention leaves where they are.';
