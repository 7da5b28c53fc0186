create or replace function tally.function_body(
  slug text, event text, counters bigint[], plain boolean, partitioned boolean
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_vars   text := '';
  v_look   text;
  v_insert text;
  v_moved  text := '';
  v_calls  boolean := (select bool_or(d.calls) from tally.definitions d where d.id = any (counters));
begin
  if plain and not partitioned and tally.count_all_rows(counters) then
    return tally.whole_body(counters, event);
  end if;
  -- The body of one trigger function. Whatever a column, function or type that is gone could
  -- break is evaluated first, in a block that only reads: so a broken counter never fails a
  -- write, and the block costs no subtransaction number. Then one INSERT.
  if plain then
    select string_agg(format('  v_%s %s;', i.n,
                             case when d.amount is null then 'bigint' else 'numeric' end),
                      E'\n' order by i.n) || E'\n',
           string_agg(format('    v_%s := %s;  -- %s', i.n,
                        case event
                          when 'insert' then tally.plain_sum(d.id, 'tally_new')
                          when 'delete' then '-' || tally.plain_sum(d.id, 'tally_old')
                          else tally.plain_sum(d.id, 'tally_new') || E'\n           - '
                               || tally.plain_sum(d.id, 'tally_old')
                        end, d.name), E'\n' order by i.n),
           format(
$body$  insert into tally.deltas (counter, scope, delta)
  select k.counter, '', k.delta
  from (values %s) k (counter, delta)
  where k.delta <> 0;
  get diagnostics v_deltas = row_count;
  if v_deltas = 0 then
    return null;
  end if$body$, string_agg(format('(%s, v_%s)', d.id, i.n), ', ' order by i.n))
    into v_vars, v_look, v_insert
    from unnest(counters) with ordinality i (id, n)
    join tally.definitions d on d.id = i.id;
    if cardinality(counters) = 1 then
      v_insert := format(
$body$  if v_1 = 0 then
    return null;
  end if;
  insert into tally.deltas (counter, scope, delta) values (%s, '', v_1)$body$, counters[1]);
    end if;
  else
    v_look := format(
$body$    if not exists (
      select
%s
    ) then
      return null;
    end if;$body$, tally.counting_rows(counters, event));
    if v_calls then
      -- A function of the application may fail at any row, and look for what is gone only then:
      -- so all of it is evaluated here, and a second time where it is written.
      v_look := format(
$body$    if (
      select count(*) from (
%s
      ) q
    ) = 0 then
      return null;
    end if;$body$,
        (select substr(s.statement, strpos(s.statement, chr(10)) + 1)  -- what it would insert
         from tally.counting_statement(counters, event) s (statement)));
    end if;
    v_insert := tally.counting_statement(counters, event) || $body$;
  get diagnostics v_deltas = row_count;
  if v_deltas = 0 then
    return null;
  end if$body$;
  end if;

  if partitioned and event = 'update' then
    v_vars := v_vars || E'  v_changes bigint;\n';
    v_moved := format(
$body$  -- Rows that a MERGE moved to another partition are in no transition table.
%s    perform tally.stop_counter(i.id, 'rows moved to another partition by MERGE')
    from (values %s) i (id);
    return null;
  end if;

$body$, tally.moves_unseen('count', (select d.source from tally.definitions d where d.id = counters[1])),
      (select string_agg(format('(%s)', i.id), ', ' order by i.n)
       from unnest(counters) with ordinality i (id, n)));
  end if;

  return format(
$body$#variable_conflict use_column
declare
%1$s  v_deltas bigint := 1;
  v_counter bigint;
  v_statement text;
  v_detail text;
  v_hint text;
begin
  -- Appends what this statement changed, net. It waits for nobody and locks nothing.
%6$s  begin
%2$s
  exception when others or assert_failure then
    -- Something a counter uses is gone, or may not be used: each counter by itself, so that only
    -- that one stops. An expression that is sound and raises on this row refuses the row, as a
    -- CHECK would.
    for v_counter, v_statement in select * from tally.counting_statements(%3$L, %4$L) loop
      begin
        execute v_statement;
      exception when others or assert_failure then
        if sqlstate !~ '^(42|3F)' and tally.is_sound(v_counter, tg_relid) then
          get stacked diagnostics v_detail = pg_exception_detail, v_hint = pg_exception_hint;
          perform tally.refuse_row(v_counter, sqlstate, sqlerrm, v_detail, v_hint);
          raise;
        end if;
        perform tally.stop_counter(v_counter, sqlerrm);
      end;
    end loop;
    return null;
  end;

%5$s;

%7$s  return null;
end
$body$, v_vars, v_look, slug, event, v_insert, v_moved, tally.ringing());
end
$function$;

comment on function tally.function_body(text, text, bigint[], boolean, boolean) is
  'Text for tally.build_functions: what a counting trigger function does.';
