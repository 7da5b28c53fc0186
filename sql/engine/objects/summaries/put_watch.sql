create or replace function tally.put_watch(
  summary text, source regclass, scope text, filter text, scope_sql text, filter_sql text,
  by_settings smallint, columns name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_summary bigint;
  v_id      bigint;
  v_now     timestamptz := clock_timestamp();
  v_attaches timestamptz;
  v_is_first boolean;
begin
  -- Second half of tally.watch, with the caller's rights and a pinned search_path. An older
  -- snapshot would not see a watch that another session has just put on the same source, and
  -- build functions without it.
  perform tally.check_isolation('tally.watch');
  select s.id into v_summary from tally.summary_definitions s
  where s.name = put_watch.summary
  for share;  -- it stays there to the end of this transaction
  if not found then
    perform tally.find_summary(put_watch.summary);
  end if;
  v_id := tally.counter_id(concat_ws(chr(31), put_watch.summary, put_watch.source::oid,
                                     scope_sql, filter_sql));
  v_is_first := not exists (select from tally.watches w
                            where w.summary = v_summary and w.source = put_watch.source);
  if not exists (select from tally.watches w where w.id = v_id) then
    perform tally.lock_source(put_watch.source, 'share row exclusive');
    v_now := clock_timestamp();
    insert into tally.watched (source, slug)
    values (put_watch.source, tally.table_slug(put_watch.source, 'mark'))
    on conflict on constraint watched_pkey do nothing;
    insert into tally.watches
      (id, summary, source, scope, filter, scope_sql, filter_sql, by_settings, columns)
    values (v_id, v_summary, put_watch.source, put_watch.scope, put_watch.filter,
            put_watch.scope_sql, put_watch.filter_sql, put_watch.by_settings,
            array(select distinct c from unnest(put_watch.columns) c order by c))
    on conflict on constraint watches_pkey do nothing;
    perform tally.check_watching(v_id);
    perform tally.build_functions(put_watch.source, 'mark');
    perform tally.build_look(put_watch.source);
    -- The documents that are there. Not those of all rows: of a large table most may never be asked
    -- for, so they are made when they are. But one that everybody will ask for is there before.
    insert into tally.due (summary, scope, due_since, due_at, is_slow)
    select s.id, d.scope, v_now, v_now + s.settle, tally.is_slow(coalesce(d.build_ms, 'infinity'))
    from tally.summary_definitions s
    join tally.documents d on d.summary = s.id
    where s.id = v_summary
    union all
    -- And those that are being built for the first time: see tally.expand_due.
    select s.id, null, v_now, v_now + s.settle, true
    from tally.summary_definitions s
    where s.id = v_summary;
    insert into tally.marks (summary, scope) select v_summary, '' where put_watch.scope is null;
  end if;
  v_attaches := clock_timestamp();
  perform tally.attach_triggers(put_watch.source, 'mark');
  if v_is_first then
    -- Triggers that are new to the table have every document marked of whoever watches it: those of
    -- this summary are due already.
    delete from tally.marks m
    where m.xid = pg_current_xact_id() and m.summary = v_summary and m.scope is null
      and m.marked_at >= v_attaches;
  end if;
end
$function$;

comment on function tally.put_watch(text, regclass, text, text, text, text, smallint, name[]) is
  'Records a checked watch and attaches it.';
