create or replace function tally.build_expiry(name text, columns name[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule    tally.expiries;
  v_run     name := tally.rule_function('run_expiry', name);
  v_next    name := tally.rule_function('next_expiry', name);
  v_trigger name := tally.rule_function('_600_tally_due', name);
  v_owner   oid;
begin
  -- Writes a rule's two functions and its trigger anew. The functions belong to the owner of the
  -- table and run with that role's rights: an UPDATE fires triggers, which nobody but whoever may
  -- put them there should have run as himself. The caller holds SHARE ROW EXCLUSIVE on the source.
  select e.* into strict v_rule from tally.expiries e where e.name = build_expiry.name;
  select c.relowner into v_owner from pg_class c where c.oid = v_rule.source;
  perform tally.drop_function('run_expiry', name);
  execute format(
$create$create function tally.%1$I(
  v_source regclass, max_rows integer, failed_tables oid[], failed_rows tid[],
  failed_versions bigint[], failed_waits boolean[], out changed bigint, out gone bigint[],
  out tables oid[], out rows tid[], out versions bigint[], out errors text[]
)
language plpgsql
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sset enable_seqscan = off
as %3$L$create$, v_run, tally.rule_settings(), tally.expiry_body(v_rule));
  execute format('comment on function tally.%I(regclass, integer, oid[], tid[], bigint[], boolean[]) '
    'is %L', v_run,
    format('Made by tally.create_expiry: changes what is due of %s for expiry %s.', v_rule.source,
           name));
  perform tally.hand_over(
    format('tally.%I(regclass, integer, oid[], tid[], bigint[], boolean[])', v_run)::regprocedure,
    v_owner);

  perform tally.drop_function('next_expiry', name);
  execute format(
$create$create function tally.%1$I(v_source regclass, past timestamptz)
returns timestamptz
language plpgsql
stable
security definer  -- with the rights of the owner of the table; tally_owner alone may call it
%2$sset enable_seqscan = off
as %3$L$create$, v_next, tally.rule_settings(), format(
$body$
declare
  v_due  constant text := %1$L;
  v_next timestamptz;
begin
%3$s  -- When the next row falls due from that time on: one look at an index.
  execute format('select (%%2$s) from %%1$s tally_row where (%%3$s) and (%%2$s) >= $1 '
                 'order by (%%2$s) limit 1', v_source, v_due, %2$L) into v_next using past;
  return v_next;
end
$body$, v_rule.due_sql, v_rule.filter_sql, tally.owner_check()));
  execute format('comment on function tally.%I(regclass, timestamptz) is %L', v_next,
    format('Made by tally.create_expiry: when the next row of %s falls due for expiry %s.',
           v_rule.source, name));
  perform tally.hand_over(format('tally.%I(regclass, timestamptz)', v_next)::regprocedure, v_owner);

  execute format('create or replace trigger %I after insert or update of %s on %s for each row '
                 'when ((%s) and (%s) < clock_timestamp() + interval ''2 seconds'') '
                 'execute function tally.ring_work()', v_trigger,
                 (select string_agg(quote_ident(k.c), ', ' order by k.c)
                  from (select distinct c from unnest(columns) c) k (c)), v_rule.source,
                 tally.new_row_text(v_rule.source, v_rule.filter_sql),
                 tally.new_row_text(v_rule.source, v_rule.due_sql));
  execute format('comment on trigger %I on %s is %L', v_trigger, v_rule.source,
    format('For expiry %s: a row that falls due within two seconds wakes a server that waits.',
           name));
  update tally.expiries e set made_by = tally.rule_version('expiry')
  where e.name = build_expiry.name;
end
$function$;

comment on function tally.build_expiry(text, name[]) is
  'Writes the functions tally.run_expiry_<name> and tally.next_expiry_<name>, and the trigger.';
