create or replace function tally.put_counter(
  name text, source regclass, filter text, scope text, amount text, audience text, ranked boolean,
  filter_sql text, scope_sql text, amount_sql text, by_settings smallint, calls boolean,
  columns name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old  tally.definitions;
  v_id   bigint := tally.counter_id(put_counter.name);
begin
  -- Second half of tally.create_counter, with the caller's rights and a pinned search_path.
  -- One declaration at a time: two of the same name wait for each other here. An older snapshot
  -- would not see a counter that another session has just put on the same source, and build
  -- functions without it.
  perform tally.check_isolation('tally.create_counter');
  perform tally.lock_counter(v_id, put_counter.name);
  select d.* into v_old from tally.definitions d where d.id = v_id or d.name = put_counter.name;
  if found then
    -- The same words, or other words that mean the same. What the same words are compiled to may be
    -- written otherwise by another version; but what they name in other schemas is the same then,
    -- and is not where search_path finds another function of that name.
    if (v_old.name, v_old.source, v_old.audience, v_old.ranked)
         is distinct from (put_counter.name, put_counter.source, put_counter.audience,
                           put_counter.ranked)
       or (v_old.filter, v_old.scope, v_old.amount)
            is distinct from (put_counter.filter, put_counter.scope, put_counter.amount)
          and (v_old.filter_sql, v_old.scope_sql, v_old.amount_sql)
                is distinct from (put_counter.filter_sql, put_counter.scope_sql,
                                  put_counter.amount_sql)
       or tally.foreign_names(concat_ws(' ', v_old.filter_sql, v_old.scope_sql, v_old.amount_sql))
            <> tally.foreign_names(concat_ws(' ', put_counter.filter_sql, put_counter.scope_sql,
                                             put_counter.amount_sql))
    then
      raise exception using errcode = 'TL002',
        message = format('counter "%s" exists with another definition', v_old.name),
        detail = tally.definition_difference(v_old, source, filter_sql, scope_sql, amount_sql,
                                             audience, ranked),
        hint = format('select tally.drop_counter(%L); first, or take another name.', v_old.name);
    end if;
    perform tally.attach(put_counter.source);
    return;
  end if;

  if exists (select from tally.summary_definitions s where s.id = v_id) then
    raise exception using errcode = 'TL002',
      message = format('the name "%s" belongs to a summary', put_counter.name),
      hint = 'Counters and summaries are topics: take another name.';
  end if;
  perform tally.grant_schema(put_counter.source);
  perform tally.lock_source(put_counter.source,
    case when tally.needs_policy(put_counter.source) then 'access exclusive'
         else 'share row exclusive' end);
  perform tally.grant_sight(put_counter.source);
  insert into tally.sources (source, slug)
  values (put_counter.source, tally.table_slug(put_counter.source, 'count'))
  on conflict on constraint sources_pkey do nothing;
  insert into tally.definitions (id, name, source, filter, scope, amount, audience, ranked,
    filter_sql, scope_sql, amount_sql, by_settings, calls, columns, created_by, filled_at)
  values (v_id, put_counter.name, put_counter.source, put_counter.filter, put_counter.scope,
    put_counter.amount, put_counter.audience, put_counter.ranked, put_counter.filter_sql,
    put_counter.scope_sql, put_counter.amount_sql, put_counter.by_settings, put_counter.calls,
    put_counter.columns, session_user,
    case when tally.is_empty(put_counter.source)
              and not exists (select from tally.dropped x where x.counter = v_id)
         then clock_timestamp() end);
  perform tally.check_reading(v_id);
  perform tally.build_functions(put_counter.source, 'count');
  perform tally.attach(put_counter.source);
  perform pg_notify('tally_definitions', '');
end
$function$;

comment on function tally.put_counter(
  text, regclass, text, text, text, text, boolean, text, text, text, smallint, boolean, name[]) is
  'Records a checked declaration and attaches it.';
