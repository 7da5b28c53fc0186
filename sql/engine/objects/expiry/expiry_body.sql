create or replace function tally.expiry_body(rule tally.expiries)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that changes what is due. Every name of its own is qualified or begins with v_,
  -- and columns come first: whatever the source's columns are called, they are not confused.
  select format(
$body$
#variable_conflict use_column
declare
  v_now    timestamptz := clock_timestamp();
  v_tables oid[];
  v_rows   tid[];
  v_table  oid;
  v_some   tid[];
  v_again  boolean := false;
  v_count  bigint;
  v_xact   bigint := pg_current_xact_id()::xid::text::bigint;
  v_done   oid[] := '{}'::oid[];
  v_places tid[] := '{}'::tid[];
  v_some_done oid[];
  v_some_places tid[];
  v_checks text;
begin
  -- Changes at most max_rows rows of %10$s that are due, without those that failed before. A row
  -- that somebody else has locked is left for the next time: whoever has it may be deciding.
  %1$I.changed := 0;
  select array_agg(d.t), array_agg(d.r)
  into v_tables, v_rows
  from (
    select tally_row.tableoid as t, tally_row.ctid as r
    from %2$s tally_row
    where (%3$s) and (%4$s) <= v_now
      and not exists (select from unnest(%1$I.not_tables, %1$I.not_rows) k (t, r)
                      where k.t = tally_row.tableoid and k.r = tally_row.ctid)
    order by (%4$s)
    limit %1$I.max_rows
    for no key update skip locked
  ) d;
  if v_rows is null then
    return;
  end if;
  v_checks := %7$s;
  begin
    for v_table in select distinct k.t from unnest(v_tables) k (t) loop
      v_some := array(select k.r from unnest(v_tables, v_rows) k (t, r) where k.t = v_table);
      with tally_done as (
        update %2$s as %5$s set %6$s
        where %5$s.ctid = any (v_some) and %5$s.tableoid = v_table
        returning (%3$s) is true and (%4$s) <= v_now as again,
                  %5$s.tableoid as t, %5$s.ctid as r
      )
      select count(*), coalesce(bool_or(d.again), false), array_agg(d.t), array_agg(d.r)
      into v_count, v_again, v_some_done, v_some_places from tally_done d;
      %1$I.changed := %1$I.changed + v_count;
      v_done := v_done || v_some_done;
      v_places := v_places || v_some_places;
      exit when v_again;
    end loop;
    -- What is checked at the commit would fail for everything that is done with it.
    if v_checks is not null then
      execute format('set constraints %%s immediate', v_checks);
      execute format('set constraints %%s deferred', v_checks);
    end if;
    -- A trigger that ran after it may have set a row back: then the last version of one of these
    -- rows is due. Other due rows that this transaction wrote are somebody else's, and their turn
    -- comes. Looked for among what is due, so that mostly nothing is looked up. currtid2 follows a
    -- row from a place to its last version, as nothing else in SQL does; it is told of the partition
    -- that the row is in, for a partitioned table itself has no places, and has to be allowed to
    -- read it. A row that comes back into another partition than it was changed to is not seen.
    v_again := v_again or exists (
      select from (select tally_row.tableoid as t, tally_row.ctid as r, tally_row.xmin as x
                   from %2$s tally_row
                   where (%3$s) and (%4$s) <= v_now
                   order by (%4$s)
                   limit 100) o
      where case when o.x::text::bigint >= v_xact
                      and pg_xact_status((pg_current_xact_id()::text::bigint - v_xact
                            + o.x::text::bigint)::text::xid8) = 'in progress'
                 then (o.t, o.r) in (select k.t, currtid2(k.t::regclass::text, k.r)
                                     from unnest(v_done, v_places) k (t, r)
                                     where has_table_privilege(k.t, 'select')) else false end);
  exception when others or assert_failure then
    -- One of them cannot be changed: each by itself then, and those that cannot are named.
    %1$I.error := sqlerrm;
    %1$I.changed := 0;
    for v_table, v_some in select k.t, array[k.r] from unnest(v_tables, v_rows) k (t, r) loop
      begin
        with tally_done as (
          update %2$s as %5$s set %6$s
          where %5$s.ctid = any (v_some) and %5$s.tableoid = v_table
          returning (%3$s) is true and (%4$s) <= v_now as again
        )
        select count(*), coalesce(bool_or(d.again), false) into v_count, v_again
        from tally_done d;
        if v_checks is not null then
          execute format('set constraints %%s immediate', v_checks);
          execute format('set constraints %%s deferred', v_checks);
        end if;
        %1$I.changed := %1$I.changed + v_count;
      exception when others or assert_failure then
        %1$I.error := sqlerrm;
        %1$I.tables := %1$I.tables || v_table;
        %1$I.rows := %1$I.rows || v_some;
        if sqlstate = '55P03' then
          -- Waited once. For the others hardly any more: what is changed stays locked meanwhile.
          perform set_config('lock_timeout', '1ms', true);
        end if;
      end;
      exit when v_again;
    end loop;
  end;
  if v_again then
    raise exception using errcode = 'TL033',
      message = %8$L,
      hint = %9$L;
  end if;
end
$body$, tally.rule_function('run_expiry', rule.name), rule.source, rule.filter_sql, rule.due_sql,
    (select quote_ident(c.relname) from pg_class c where c.oid = rule.source), rule.change_sql,
    tally.deferred_checks(format('select %1$L::regclass::oid union '
                                 'select f.relid from pg_partition_tree(%1$L) f', rule.source)),
    format('expiry "%s": a row of %s was due again after its change, and would be for ever',
           rule.name, rule.source),
    format('A trigger may set it back. Mend it, then create the expiry again, or '
           'select tally.drop_expiry(%L);', rule.name),
    tally.one_line(rule.source::text))
$function$;

comment on function tally.expiry_body(tally.expiries) is
  'Text for tally.build_expiry: what the function of a rule does.';
