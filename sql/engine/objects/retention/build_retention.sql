create or replace function tally.build_retention(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule  tally.retentions;
  v_run   name := tally.rule_function('run_retention', name);
  v_drop  name := tally.rule_function('drop_partitions', name);
  v_owner oid;
begin
  -- Writes a rule's two functions anew. They belong to the owner of the table and run with that
  -- role's rights, as those of an expiry do.
  select r.* into strict v_rule from tally.retentions r where r.name = build_retention.name;
  select c.relowner into v_owner from pg_class c where c.oid = v_rule.source;
  perform tally.drop_function('run_retention', name);
  execute format(
$create$create function tally.%1$I(
  v_source regclass, cutoff timestamptz, max_rows integer, remember boolean, not_tables oid[],
  not_rows tid[], not_in oid[], out gone bigint, out kept bigint, out tables oid[], out rows tid[]
)
language plpgsql
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sset work_mem = '32MB'
as %3$L$create$, v_run, tally.rule_settings(), tally.retention_body(v_rule));
  execute format('comment on function tally.%I is %L', v_run,
    format('Made by tally.create_retention: deletes old rows of %s for retention %s; with max_rows '
           'NULL it counts them.', v_rule.source, name));
  perform tally.hand_over(format('tally.%I', v_run)::regproc, v_owner);

  perform tally.drop_function('drop_partitions', name);
  execute format(
$create$create function tally.%1$I(v_source regclass, old regclass[], step text, wait interval)
returns bigint
language plpgsql
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sas %3$L$create$, v_drop, tally.rule_settings(), tally.drop_body(v_rule));
  execute format('comment on function tally.%I is %L', v_drop,
    format('Made by tally.create_retention: locks, counts and drops old partitions of %s for '
           'retention %s.', v_rule.source, name));
  perform tally.hand_over(format('tally.%I', v_drop)::regproc, v_owner);
  update tally.retentions r set made_by = tally.rule_version('retention')
  where r.name = build_retention.name;
end
$function$;

comment on function tally.build_retention(text) is
  'Writes the functions tally.run_retention_<name> and tally.drop_partitions_<name>.';
