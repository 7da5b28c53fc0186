create or replace function tally.retention_body(rule tally.retentions)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that counts or deletes what is old. It looks at the foreign keys when it runs: one
  -- that was added since the rule was made counts as well. It is told of its table, as the function
  -- of an expiry is. What it does is the same for every rule.
  select format(
$head$
#variable_conflict use_variable
declare
  v_rule   constant text := %L;
  v_from   constant text := v_source::text;
  -- $1 is cutoff. A time without time zone is taken in UTC, to which this function is set.
  v_where  constant text := %L;
$head$, rule.name,
    format('(%s) and (%s) < $1', rule.filter_sql, rule.age_sql))
    || tally.retention_variables() || tally.retention_keys() || tally.retention_texts()
    || tally.retention_passes() || tally.retention_notices()
$function$;

comment on function tally.retention_body(tally.retentions) is
  'Text for tally.build_retention: what the function of a rule does.';
