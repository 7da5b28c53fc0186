create or replace function tally.warn_of_partitions(rule tally.retentions, cutoff timestamptz)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_partition record;
begin
  for v_partition in
    select p.* from tally.past_partitions(rule, cutoff) p where p.hindrance is not null
  loop
    raise warning using errcode = 'TL038',
      message = format('retention "%s": %s cannot be dropped: %s; its rows %s', rule.name,
                       v_partition.partition, v_partition.hindrance,
                       case rule.on_drop when 'keep' then 'stay' else 'go one by one' end),
      hint = 'Drop that, or give the partition to the owner of its table.';
  end loop;
end
$function$;

comment on function tally.warn_of_partitions(tally.retentions, timestamptz) is
  'Says which old partitions cannot be dropped, and why.';
