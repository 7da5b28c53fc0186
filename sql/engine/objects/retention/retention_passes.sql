create or replace function tally.retention_passes()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$
  while v_places loop
    v_limit := max_rows - gone;
    execute v_pick into v_tables, v_rows
      using cutoff, v_gone_t, v_gone_r, v_left_t, v_left_r, v_limit, not_in;
    if v_rows is null then
      -- What was left may be free by now. Outside of a dry run the next call sees to that.
      exit when not v_dry or not v_went or cardinality(v_left_r) = 0;
      v_went := false;
      v_left_t := '{}'::oid[];
      v_left_r := '{}'::tid[];
      continue;
    end if;
    v_picked := cardinality(v_rows);
    -- Once they are locked, nobody can refer to them any more: so it is looked at again. Their pages
    -- have just been read.
    if not v_dry then
      perform set_config('random_page_cost', '0.1', true);
    end if;
    while v_block is not null and v_rows is not null loop
      v_all_t := v_tables;
      v_all_r := v_rows;
      v_next_t := v_tables;
      v_next_r := v_rows;
      while v_down is not null loop
        execute v_down into v_next_t, v_next_r
          using v_next_t, v_next_r, v_all_t || v_gone_t, v_all_r || v_gone_r;
        exit when v_next_r is null;
        v_all_t := v_all_t || v_next_t;
        v_all_r := v_all_r || v_next_r;
      end loop;
      v_whole := true;
      while v_all_r is not null loop
        execute v_block into v_stay_t, v_stay_r
          using v_all_t, v_all_r, v_all_t || v_gone_t, v_all_r || v_gone_r;
        exit when v_stay_r is null;
        v_whole := false;
        execute v_minus into v_all_t, v_all_r using v_all_t, v_all_r, v_stay_t, v_stay_r;
      end loop;
      exit when v_whole;
      execute v_minus into v_stay_t, v_stay_r using v_tables, v_rows, v_all_t, v_all_r;
      exit when v_stay_r is null;
      v_left_t := v_left_t || v_stay_t;
      v_left_r := v_left_r || v_stay_r;
      execute v_minus into v_tables, v_rows using v_tables, v_rows, v_stay_t, v_stay_r;
    end loop;
    perform set_config('random_page_cost', v_cost, true);

    v_went := v_went or v_rows is not null;
    if v_block is null then
      v_all_t := v_tables;
      v_all_r := v_rows;
    end if;
    if v_rows is not null and v_dry then
      gone := gone + case when v_self then (select count(*) from unnest(v_all_t) o (t)
                                            where o.t = any (v_family))
                          else cardinality(v_rows) end;
      v_gone_t := v_gone_t || v_all_t;
      v_gone_r := v_gone_r || v_all_r;
    elsif v_rows is not null then
      v_deleted := 0;
      for v_table in select distinct o.t from unnest(v_tables) o (t) loop
        -- The places come by a query: the planner would look at each of an array that it sees.
        execute format('delete from %s tally_row where tally_row.tableoid = $1 and tally_row.ctid '
                       '= any (array(select unnest($2)))', v_from)
          using v_table, array(select o.r from unnest(v_tables, v_rows) o (t, r)
                               where o.t = v_table);
        get diagnostics v_count = row_count;
        v_deleted := v_deleted + v_count;
        if not coalesce(v_self, false) then
          gone := gone + v_count;
        end if;
      end loop;
      if v_self then
        execute format('select count(*) from unnest($1, $2) d (t, r) where d.t = any ($3) and not '
                       'exists (select from %s tally_row where tally_row.tableoid = d.t and '
                       'tally_row.ctid = d.r)', v_from)
          into v_count using v_all_t, v_all_r, v_family;
        gone := gone + v_count;
      end if;
      if v_deleted < cardinality(v_rows) then
        -- Some went along with others. What is still there a trigger has kept.
        execute format('select count(*) from unnest($1, $2) d (t, r) join %s tally_row on '
                       'tally_row.tableoid = d.t and tally_row.ctid = d.r', v_from)
          into v_count using v_tables, v_rows;
        kept := kept + v_count;
      end if;
      -- What is checked at the commit would fail for everything that is done with it.
      if v_checks is not null then
        execute format('set constraints %s immediate', v_checks);
        execute format('set constraints %s deferred', v_checks);
      end if;
      v_left_t := v_left_t || v_tables;
      v_left_r := v_left_r || v_rows;
    end if;
    exit when gone >= max_rows or not v_again and (v_dry or v_picked < v_limit);
  end loop;
$text$
$function$;

comment on function tally.retention_passes() is
  'Text for tally.retention_body: it picks rows, looks at what refers to them, and deletes them.';

create or replace function tally.retention_notices()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$text$
  if not v_dry then
    -- What can never go is said each time, with the reason.
    for v_key in
      select k.* from jsonb_to_recordset(v_keys) k (name text, relation text, child text,
                                                    matches text, is_direct boolean,
                                                    is_never boolean)
      where k.is_never and k.is_direct
    loop
      execute format('select count(*) from %s tally_row where %s and exists (select from %s c '
                     'where %s)', v_from, v_where, v_key.child, v_key.matches)
        into v_count using cutoff;
      if v_count > 0 then
        raise warning using errcode = 'TL038',
          message = format('retention "%s": %s row(s) of %s stay, for %s refers to them (foreign '
                           'key %s, which would set null where that is not allowed)', v_rule,
                           v_count, v_source, v_key.relation, v_key.name),
          hint = 'Have the column take null, or the foreign key say on delete cascade.';
      end if;
    end loop;
    return;
  end if;
  select string_agg(format('%s of %s', t.tgname, t.tgrelid::regclass), ', '
                    order by t.tgname, t.tgrelid)
  into v_checks
  from pg_trigger t
  where t.tgrelid = any (v_reached) and not t.tgisinternal and t.tgenabled in ('O', 'A')
    and t.tgtype & 11 = 11;  -- before delete, for each row
  if v_checks is not null and (gone > 0 or cardinality(v_gone_r) > v_before) then
    raise notice 'retention "%": a trigger may keep rows that are counted here, or fail (%)',
      v_rule, v_checks;
  end if;
  tables := case when remember then v_gone_t[v_before + 1 :] end;
  rows := case when remember then v_gone_r[v_before + 1 :] end;
  for v_key in
    select r.root as child, count(*) as n
    from unnest(v_gone_t[v_before + 1 :]) o (t)
    cross join lateral (select coalesce(pg_partition_root(o.t), o.t::regclass)) r (root)
    where o.t <> all (v_family) and v_down is not null
    group by r.root
    order by r.root::text
  loop
    raise notice 'retention "%": % row(s) of % go too (on delete cascade)', v_rule, v_key.n,
      v_key.child;
  end loop;
  for v_key in
    select k.* from jsonb_to_recordset(v_keys) k (name text, action text, relation text,
                                                  child text, parent text, matches text,
                                                  is_direct boolean, is_never boolean)
    where k.action in ('n', 'd') or k.is_direct and k.action in ('a', 'r')
  loop
    if v_key.action in ('n', 'd') then
      execute format('select count(*) from unnest($2, $3) d (t, r) join %s tally_row on '
                     'tally_row.tableoid = d.t and tally_row.ctid = d.r join %s c on %s where %s',
                     v_key.parent, v_key.child, v_key.matches, format(v_gone, 'c'))
        into v_count using cutoff, v_gone_t, v_gone_r;
      if v_count > 0 then
        raise notice 'retention "%": % row(s) of % lose their reference (foreign key %)', v_rule,
          v_count, v_key.relation, v_key.name;
      end if;
    else
      execute format('select count(*) from %s tally_row where %s and %s and exists (select from %s '
                     'c where %s and %s)', v_rows_of, v_where, format(v_gone, 'tally_row'),
                     v_key.child, v_key.matches, format(v_gone, 'c'))
        into v_count using cutoff, v_gone_t, v_gone_r;
      if v_count > 0 then
        raise notice 'retention "%": % row(s) of % stay, for % refers to them (foreign key %)',
          v_rule, v_count, v_source, v_key.relation, v_key.name
          || case when v_key.is_never then ', which would set null where that is not allowed'
                  else '' end;
      end if;
    end if;
  end loop;
  if cardinality(v_left_r) > 0 then
    raise notice 'retention "%": % row(s) of % stay, for something refers to what would go with '
      'them (%)', v_rule, cardinality(v_left_r), v_source,
      (select string_agg(format('foreign key %s of %s', k.name, k.relation), ', ')
       from jsonb_to_recordset(v_keys) k (name text, action text, relation text, is_direct boolean)
       where k.action in ('a', 'r') and not k.is_direct);
  end if;
end
$text$
$function$;

comment on function tally.retention_notices() is
  'Text for tally.retention_body: a dry run says what goes along, and what stays.';
