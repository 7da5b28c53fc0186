create or replace function tally.clean_up_rule(
  rule tally.retentions, keep interval, dry_run boolean, may_drop boolean, max_rows integer,
  out gone bigint, out partitions integer, out is_more boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- a month ago, whoever asks
as $function$
declare
  v_cutoff timestamptz := clock_timestamp() - coalesce(keep, rule.keep);
  v_run    name := tally.rule_function('run_retention', rule.name);
  v_old    regclass[];
  v_count  bigint;
begin
  gone := 0;
  partitions := 0;
  is_more := false;
  v_old := array(select p from tally.old_partitions(rule, v_cutoff) p);
  if dry_run then
    execute format('select tally.%I($1, null)', v_run) into gone using v_cutoff;
    partitions := cardinality(v_old);
    return;
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('tally.clean_up.' || rule.name, 0)) then
    raise notice 'retention "%": another session cleans up', rule.name;
    return;
  end if;
  -- Partitions first: whoever waits for a row that we have deleted would hold the lock that they
  -- take. For the same reason only one table's in a transaction.
  if cardinality(v_old) > 0 and not may_drop then
    is_more := true;
    return;
  elsif cardinality(v_old) > 0 then
    gone := tally.drop_partitions(rule, v_old);
    partitions := cardinality(v_old);
  end if;
  execute format('select tally.%I($1, $2)', v_run) into v_count using v_cutoff, max_rows;
  gone := gone + v_count;
  is_more := v_count >= max_rows;
end
$function$;

comment on function tally.clean_up_rule(tally.retentions, interval, boolean, boolean, integer) is
  'Deletes what is old by one rule, at most so many rows and whatever partitions; or counts it.';
