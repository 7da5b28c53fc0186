create or replace function tally.retention_body(rule tally.retentions)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_run    name := tally.rule_function('run_retention', rule.name);
  v_where  text;
  v_others text := '';
  v_key    record;
begin
  -- The function that counts or deletes what is old. What other rows still refer to, by a foreign
  -- key that would forbid its going, stays.
  v_where := format(
    case when tally.expression_type(rule.source, rule.age_sql) = 'timestamptz'::regtype
      then '(%s) and (%s) < %I.cutoff'
      else '(%s) and (%s) < (%I.cutoff at time zone ''UTC'')' end,
    rule.filter_sql, rule.age_sql, v_run);
  for v_key in select r.* from tally.references_to(rule.source) r loop
    if v_key.action in ('a', 'r') then
      v_where := v_where || format(E'\n      and not exists (select from %s c where %s)',
                                   v_key.child, v_key.matches);
    end if;
  end loop;
  for v_key in select r.* from tally.references_to(rule.source) r where r.action in ('c', 'n', 'd')
  loop
    v_others := v_others || format(
$others$
    select count(*) into v_others from %1$s c
    where exists (select from %2$s tally_row where %3$s and %4$s);
    if v_others > 0 then
      raise notice using message = format(%5$L, v_others);
    end if;$others$, v_key.child, rule.source, v_key.matches, v_where,
      format('%%s row(s) of %s that refer to them %s (foreign key %s)', v_key.child,
             case v_key.action when 'c' then 'go too, with whatever refers to these'
               else 'lose their reference' end, v_key.name));
  end loop;
  return format(
$body$
#variable_conflict use_column
declare
  v_table  oid;
  v_tables oid[];
  v_rows   tid[];
  v_others bigint;
  v_count  bigint;
begin
  -- Deletes at most max_rows rows of %2$s that are older than cutoff, without those that somebody
  -- has locked. A dry run, max_rows NULL, counts all that would go.
  if %1$I.max_rows is null then
    select count(*) into %1$I.gone from %2$s tally_row
    where %3$s;%4$s
    return;
  end if;
  %1$I.gone := 0;
  select array_agg(d.t), array_agg(d.r) into v_tables, v_rows
  from (
    select tally_row.tableoid as t, tally_row.ctid as r from %2$s tally_row
    where %3$s
    limit %1$I.max_rows
    for update of tally_row skip locked
  ) d;
  for v_table in select distinct k.t from unnest(v_tables) k (t) loop
    delete from %2$s tally_row
    where tally_row.tableoid = v_table
      and tally_row.ctid = any (array(select k.r from unnest(v_tables, v_rows) k (t, r)
                                      where k.t = v_table));
    get diagnostics v_count = row_count;
    %1$I.gone := %1$I.gone + v_count;
  end loop;%5$s
end
$body$, v_run, rule.source, v_where, v_others,
    case when exists (select from tally.family(rule.source) f
                      join pg_trigger t on t.tgrelid = f and t.tginitdeferred)
      then E'\n  -- What is checked at the commit would fail for everything that is done with it.'
           || E'\n  set constraints all immediate;' else '' end);
end
$function$;

comment on function tally.retention_body(tally.retentions) is
  'Text for tally.build_retention: what the function of a rule does.';
