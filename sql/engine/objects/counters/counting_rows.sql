create or replace function tally.counting_rows(counters bigint[], event text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_source regclass;
  v_values text;
  v_rows   text;
begin
  -- The FROM clause that both generated statements share: each row of the transition tables
  -- with each counter of the source, as k (counter, scope, amount, counted).
  select min(d.source::oid)::regclass,
         string_agg(format('    (%s, (%s) collate "C", %s, %s)', 
                           d.id, d.scope_sql, d.amount_sql, d.filter_sql),
                    E',\n' order by d.name)
  into v_source, v_values
  from tally.definitions d
  where d.id = any (counting_rows.counters);

  v_rows := case event
    when 'insert' then tally.row_source(counters, 'tally_new') || ' r'
    when 'delete' then tally.row_source(counters, 'tally_old') || ' r'
    else format(
$rows$(
    select 1 as %3$s, n.* from %1$s n
    union all
    select -1, o.* from %2$s o
  ) r$rows$,
      tally.row_source(counters, 'tally_new'), tally.row_source(counters, 'tally_old'),
      tally.free_column(v_source, 'tally_sign'))
  end;
  return format(
$from$  from %s
  cross join lateral (values
%s
  ) k (counter, scope, amount, counted)
  where k.counted and k.scope is not null$from$, v_rows, v_values);
end
$function$;

comment on function tally.counting_rows(bigint[], text) is
  'Text for tally.build_functions: the rows of one event, with each counter that may count them.';
