create or replace function tally.expiry_body(rule tally.expiries)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The function that changes what is due. It is told of its table, and names none: a rule stays
  -- with its table, whatever that is called by now, and leaves alone what has got its name since.
  select format(
$body$
declare
  v_now    constant timestamptz := clock_timestamp();
  v_due    constant text := %1$L;
  -- $1 is v_now.
  v_is_due constant text := %2$L;
  -- The places come by a query: the planner would look at each of an array that it sees.
  v_change constant text := format('with tally_done as (update %%s as tally_row set ', v_source)
    || %3$L || ' where tally_row.ctid = any (array(select unnest($2))) '
    || 'and tally_row.tableoid = $3 returning (' || v_is_due || ') is true as again, '
    || 'tally_row.tableoid as t, tally_row.ctid as r) '
    || 'select count(*), (array_agg(d.t) filter (where d.again))[1], '
    || '(array_agg(d.r) filter (where d.again))[1], array_agg(d.t), array_agg(d.r) '
    || 'from tally_done d';
  v_stays  constant text := format('select array_agg(tally_row.tableoid), '
    'array_agg(tally_row.ctid), array_agg(tally_row.xmin::text::bigint) from %%s tally_row '
    'where tally_row.ctid = any (array(select unnest($1))) and tally_row.tableoid = $2', v_source);
  v_tables oid[];
  v_rows   tid[];
  v_versions bigint[];
  v_table  oid;
  v_some   tid[];
  v_version bigint;
  v_again_table oid;  -- and its place: a row that is due after its change
  v_again_row   tid;
  v_count  bigint;
  v_xact   bigint;
  v_done   oid[] := '{}'::oid[];
  v_places tid[] := '{}'::tid[];
  v_some_tables oid[];
  v_some_places tid[];
  v_some_versions bigint[];
  v_checks text;
  v_key    text;
  v_values text;
begin
%7$s  changed := 0;
  if failed_rows is not null then
    -- Of what failed before: what is gone, is another version by now, or is not due. Materialized:
    -- looked up by place, and by nothing else.
    execute 'with tally_at as materialized (select tally_row.tableoid as t, tally_row.ctid as r, '
      || 'tally_row.xmin::text::bigint as x, (' || v_is_due
      || format(') is true as due from %%s tally_row '
                'where tally_row.ctid = any (array(select unnest($3)))) '
                'select array_agg(k.n) from unnest($2, $3, $4) with ordinality k (t, r, x, n) '
                'where not exists (select from tally_at a where a.due and a.t = k.t '
                'and a.r = k.r and a.x = k.x)', v_source)
      into gone using v_now, failed_tables, failed_rows, failed_versions;
  end if;
  -- Changes at most max_rows rows that are due, without those that failed before and wait. A row
  -- that somebody else has locked is left for the next time: whoever has it may be deciding.
  for v_try in 1..3 loop
    begin
      execute format('select array_agg(d.t), array_agg(d.r), array_agg(d.x) from ('
                     'select tally_row.tableoid as t, tally_row.ctid as r, '
                     'tally_row.xmin::text::bigint as x from %%s tally_row where ', v_source) || v_is_due
        || ' and not exists (select from unnest($2, $3, $4, $5) k (t, r, x, waits) '
           'where k.waits and k.t = tally_row.tableoid and k.r = tally_row.ctid '
           'and k.x = tally_row.xmin::text::bigint) '
           'order by (' || v_due || ') limit $6 for no key update skip locked) d'
        into v_tables, v_rows, v_versions
        using v_now, failed_tables, failed_rows, failed_versions, failed_waits, max_rows;
      exit;
    exception when lock_not_available then
      -- SKIP LOCKED does wait where a row became another version in the moment it was looked at and
      -- somebody has locked that, as a session that expires does too. Again, then, and what is not
      -- due any more is not looked at; or else it is left for the next time, as all that is locked.
      -- Unless it is the table that somebody keeps.
      execute format('lock table %%s in row exclusive mode nowait', v_source);
    end;
  end loop;
  if v_rows is null then
    return;
  end if;
  v_xact := pg_current_xact_id()::xid::text::bigint;  -- not before: with one the commit is written
  v_checks := %8$s;
  begin
    for v_table in select distinct k.t from unnest(v_tables) k (t) loop
      v_some := array(select k.r from unnest(v_tables, v_rows) k (t, r) where k.t = v_table);
      execute v_change
        into v_count, v_again_table, v_again_row, v_some_tables, v_some_places
        using v_now, v_some, v_table;
      changed := changed + v_count;
      v_done := v_done || v_some_tables;
      v_places := v_places || v_some_places;
      exit when v_again_row is not null;
      if v_count < cardinality(v_some) then
        -- Left as they are, and due: they would be picked again and again, before any other.
        execute v_stays into v_some_tables, v_some_places, v_some_versions using v_some, v_table;
        tables := tables || v_some_tables;
        rows := rows || v_some_places;
        versions := versions || v_some_versions;
        errors := errors || array_fill(%6$L::text, array[coalesce(cardinality(v_some_places), 0)]);
      end if;
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
    if v_again_row is null then
      execute format('select o.t, o.r from (select tally_row.tableoid as t, '
                     'tally_row.ctid as r, tally_row.xmin as x from %%s tally_row where ', v_source)
        || v_is_due || ' order by (' || v_due || ') limit 100) o '
        || $again$where case when o.x::text::bigint >= $2
                      and pg_xact_status((pg_current_xact_id()::text::bigint - $2
                            + o.x::text::bigint)::text::xid8) = 'in progress'
                 then (o.t, o.r) in (select k.t, currtid2(k.t::regclass::text, k.r)
                                     from unnest($3, $4) k (t, r)
                                     where has_table_privilege(k.t, 'select')) else false end limit 1$again$
        into v_again_table, v_again_row using v_now, v_xact, v_done, v_places;
    end if;
  exception when others or assert_failure then
    if sqlstate = '55P03' then
      -- Somebody keeps the table, and not a row: that is no row's failure.
      execute format('lock table %%s in row exclusive mode nowait', v_source);
    end if;
    -- One of them cannot be changed: each by itself then, and those that cannot are named, each with
    -- its own reason.
    changed := 0;
    tables := null;
    rows := null;
    versions := null;
    errors := null;
    v_again_row := null;
    for v_table, v_some, v_version in
      select k.t, array[k.r], k.x from unnest(v_tables, v_rows, v_versions) k (t, r, x)
    loop
      begin
        execute v_change
          into v_count, v_again_table, v_again_row, v_some_tables, v_some_places
          using v_now, v_some, v_table;
        if v_checks is not null then
          execute format('set constraints %%s immediate', v_checks);
          execute format('set constraints %%s deferred', v_checks);
        end if;
        changed := changed + v_count;
        if v_count = 0 then
          execute v_stays into v_some_tables, v_some_places, v_some_versions
            using v_some, v_table;
          tables := tables || v_some_tables;
          rows := rows || v_some_places;
          versions := versions || v_some_versions;
          errors := errors
                    || array_fill(%6$L::text, array[coalesce(cardinality(v_some_places), 0)]);
        end if;
      exception when others or assert_failure then
        v_again_row := null;
        errors := array_append(errors, sqlerrm);
        tables := tables || v_table;
        rows := rows || v_some;
        versions := versions || v_version;
        if sqlstate = '55P03' then
          -- Waited once. For the others hardly any more: what is changed stays locked meanwhile.
          perform set_config('lock_timeout', '1ms', true);
        end if;
      end;
      exit when v_again_row is not null;
    end loop;
  end;
  if v_again_row is not null then
    -- Where it is now nobody will find it: the change is undone. So by its key, or else its time.
    select string_agg(quote_ident(a.attname), ', ' order by k.place),
           string_agg(format('tally_row.%%I', a.attname), ', ' order by k.place)
    into v_key, v_values
    from pg_index i
    cross join lateral unnest(i.indkey) with ordinality k (attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = v_source and i.indisprimary;
    execute format('select concat_ws('', '', %%s) from %%s tally_row where tally_row.tableoid = $1 '
                   'and tally_row.ctid = $2', coalesce(v_values, v_due), v_source)
      into v_values using v_again_table, v_again_row;
    raise exception using errcode = 'TL033',
      message = format(%4$L, coalesce(v_key, v_due), left(v_values, 200), v_source),
      hint = %5$L;
  end if;
  -- What had failed before and is changed now.
  gone := gone || array(
    select k.n from unnest(failed_tables, failed_rows, failed_versions) with ordinality k (t, r, x, n)
    where (k.t, k.r, k.x) in (select d.t, d.r, d.x from unnest(v_tables, v_rows, v_versions) d (t, r, x))
      and not exists (select from unnest(tables, rows, versions) d (t, r, x)
                      where d.t = k.t and d.r = k.r and d.x = k.x));
end
$body$, rule.due_sql,
    format('(%s) and (%s) <= $1', rule.filter_sql, rule.due_sql), rule.change_sql,
    format('expiry "%s": row (%%s)=(%%s) of %%s was due again after its change, and would be for ever',
           rule.name),
    format('A trigger may set it back. Mend it, then create the expiry again, or '
           'select tally.drop_expiry(%L);', rule.name),
    'the UPDATE left it as it was: a BEFORE trigger returned NULL for it', tally.owner_check(),
    tally.deferred_checks('select v_source::oid union '
                          'select f.relid from pg_partition_tree(v_source) f'))
$function$;

comment on function tally.expiry_body(tally.expiries) is
  'Text for tally.build_expiry: what the function of a rule does.';
