create or replace function tally.marking_body(
  slug text, event text, watches bigint[], partitioned boolean
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_moved text := '';
  v_vars  text := '';
begin
  -- The body of one trigger function. Everything that an expression or a column that is gone could
  -- break is in a block that only reads, so it costs no subtransaction number. Then one INSERT.
  if partitioned and event = 'update' then
    v_moved := format(
$body$  -- Rows that a MERGE moved to another partition are in no transition table.
%s    perform tally.mark_all(%L);
  end if;
$body$, tally.moves_unseen('mark', (select w.source from tally.watches w where w.id = watches[1])),
      slug);
    v_vars := E'  v_changes bigint;\n';
  end if;
  return format(
$body$#variable_conflict use_column
declare
%5$s  v_summaries bigint[];
  v_scopes    text[];
  v_summary   bigint;
  v_query     text;
  v_more      bigint[];
  v_scopes2   text[];
begin
  -- Appends which documents this statement concerns. It waits for nobody, and fails no write.
%4$s  begin
    %1$s
    into v_summaries, v_scopes;
  exception when others or assert_failure then
    -- Each watch by itself. One that cannot be evaluated concerns every document of its summary.
    for v_summary, v_query in select * from tally.marking_queries(%2$L, %3$L) loop
      begin
        execute v_query into v_more, v_scopes2;
      exception when others or assert_failure then
        v_more := array[v_summary];
        v_scopes2 := array[null::text];
      end;
      v_summaries := v_summaries || v_more;
      v_scopes := v_scopes || v_scopes2;
    end loop;
  end;
  if v_summaries is null then
    return null;
  end if;

  insert into tally.marks (summary, scope)
  select m.summary, m.scope from unnest(v_summaries, v_scopes) m (summary, scope);

  -- Work that sleeps holds this lock, and asks to be woken.
  if not pg_try_advisory_lock_shared(1952541804, 12) then
    perform pg_notify('tally_work', '') from tally.settings s where s.doorbell;
  elsif pg_advisory_unlock_shared(1952541804, 12)
        and random() * 1000 < cardinality(v_summaries) then
    -- Awake, or nobody there: now and then see which.
    perform tally.ask_for_fold();
  end if;
  return null;
end
$body$, tally.marking_query(watches, event), slug, event, v_moved, v_vars);
end
$function$;

comment on function tally.marking_body(text, text, bigint[], boolean) is
  'Text for tally.build_functions: what a marking trigger function does.';
