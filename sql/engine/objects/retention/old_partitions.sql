create or replace function tally.old_partitions(rule tally.retentions, cutoff timestamptz)
returns setof regclass
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select p.partition from tally.past_partitions(rule, cutoff) p where p.hindrance is null
$function$;

comment on function tally.old_partitions(tally.retentions, timestamptz) is
  'The partitions that a retention drops whole.';
