create or replace function tally.clean_up_rule(
  rule tally.retentions, keep interval, may_drop boolean, max_rows integer,
  out gone bigint, out partitions integer, out is_more boolean, out is_busy boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- a month ago, whoever asks
as $function$
declare
  v_cutoff timestamptz := clock_timestamp() - coalesce(keep, rule.keep);
  v_old    regclass[];
  v_count  bigint;
  v_kept   bigint;
  v_rules  text;
begin
  gone := 0;
  partitions := 0;
  is_more := false;
  is_busy := not pg_try_advisory_xact_lock(hashtextextended('tally.clean_up.' || rule.name, 0));
  if is_busy then
    return;
  end if;
  -- Partitions first: whoever waits for a row that we have deleted would hold the lock that they
  -- take. For the same reason only one table's in a transaction.
  v_old := array(select p from tally.old_partitions(rule, v_cutoff) p);
  if cardinality(v_old) > 0 and not may_drop then
    is_more := true;
    return;
  elsif cardinality(v_old) > 0 then
    gone := tally.drop_partitions(rule, v_old);
    partitions := cardinality(v_old);
  end if;
  perform tally.warn_of_partitions(rule, v_cutoff);
  execute format('select r.gone, r.kept from tally.%I($1, $2, $3, false, null, null, $4) r',
                 tally.rule_function('run_retention', rule.name))
    into v_count, v_kept
    using tally.rule_source(rule.source), v_cutoff, max_rows,
          tally.partitions_to_leave(rule, v_cutoff);
  gone := gone + v_count;
  is_more := v_count >= max_rows;
  if v_kept > 0 then
    select string_agg(w.rulename, ', ' order by w.rulename) into v_rules
    from pg_rewrite w
    where w.ev_class = rule.source and w.ev_type = '4' and w.is_instead
      and w.ev_enabled in ('O', 'A');
    raise warning using errcode = 'TL038',
      message = format('retention "%s": %s row(s) of %s were left, for %s kept them', rule.name,
                       v_kept, rule.source,
                       coalesce('its rule ' || v_rules, 'a BEFORE trigger')),
      hint = case when v_rules is null
        then 'Have the rule''s filter leave them out, or mend the trigger.'
        else 'Have the retention''s filter leave them out, or drop what does something else instead '
             'of a DELETE.' end;
  end if;
end
$function$;

comment on function tally.clean_up_rule(tally.retentions, interval, boolean, integer) is
  'Deletes what is old by one rule, at most so many rows and whatever partitions. is_busy: another '
  'session does, and nothing was done.';

create or replace function tally.count_rule(
  rule tally.retentions, keep interval, remember boolean, not_partitions regclass[],
  not_tables oid[], not_rows tid[],
  out gone bigint, out partitions regclass[], out tables oid[], out rows tid[]
)
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- as tally.clean_up_rule has it
as $function$
declare
  v_cutoff timestamptz := clock_timestamp() - coalesce(keep, rule.keep);
begin
  partitions := array(select p from tally.old_partitions(rule, v_cutoff) p
                      where p <> all (not_partitions));
  perform tally.warn_of_partitions(rule, v_cutoff);
  execute format('select r.gone, r.tables, r.rows from tally.%I($1, $2, null, $3, $4, $5, $6) r',
                 tally.rule_function('run_retention', rule.name))
    into gone, tables, rows
    using tally.rule_source(rule.source), v_cutoff, remember, not_tables, not_rows,
          tally.partitions_to_leave(rule, v_cutoff);
end
$function$;

comment on function tally.count_rule(
  tally.retentions, interval, boolean, regclass[], oid[], tid[]) is
  'What would go by one rule after what others have taken; with remember which rows.';
