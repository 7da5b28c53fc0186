create or replace function tally.clean_up_rule(
  rule tally.retentions, keep interval, dry_run boolean, max_rows integer,
  out gone bigint, out partitions integer, out is_more boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- a month ago, whoever asks
as $function$
declare
  v_cutoff    timestamptz := clock_timestamp() - coalesce(keep, rule.keep);
  v_run       name := tally.rule_function('run_retention', rule.name);
  v_drop      name := tally.rule_function('drop_partition', rule.name);
  v_wait      interval := (select s.attach_wait from tally.settings s);
  v_old       regclass[];
  v_since     timestamptz := timestamptz '-infinity';
  v_partition regclass;
  v_count     bigint;
begin
  gone := 0;
  partitions := 0;
  is_more := false;
  v_old := array(select p from tally.old_partitions(rule, v_cutoff) p);
  if dry_run then
    execute format('select tally.%I($1, $2, null)', v_run) into gone using v_cutoff, v_since;
    partitions := cardinality(v_old);
    return;
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('tally.clean_up.' || rule.name, 0)) then
    raise notice 'retention "%": another session cleans up', rule.name;
    return;
  end if;
  -- Row by row first, past the partitions that go whole: once these are dropped the table is
  -- locked to the end of the transaction.
  select coalesce(max(b.to_at), v_since) into v_since
  from tally.partition_bounds(rule.source) b
  where b.partition = any (v_old);
  execute format('select tally.%I($1, $2, $3)', v_run) into gone using v_cutoff, v_since, max_rows;
  is_more := gone >= max_rows;
  foreach v_partition in array v_old loop
    execute format('select tally.%I($1, true, $2)', v_drop) into v_count using v_partition, v_wait;
    gone := gone + v_count;
    perform tally.take_partition(rule.source, v_partition, rule.on_drop);
  end loop;
  foreach v_partition in array v_old loop
    execute format('select tally.%I($1, false, $2)', v_drop) using v_partition, v_wait;
    partitions := partitions + 1;
  end loop;
  if partitions > 0 and not is_more then
    -- What is older still lies in the default partition.
    execute format('select tally.%I($1, $2, $3)', v_run)
      into v_count using v_cutoff, timestamptz '-infinity', max_rows;
    gone := gone + v_count;
    is_more := v_count >= max_rows;
  end if;
end
$function$;

comment on function tally.clean_up_rule(tally.retentions, interval, boolean, integer) is
  'Deletes what is old by one rule, at most so many rows and whatever partitions; or counts it.';
