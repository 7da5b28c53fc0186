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
  if not exists (select from tally.watches w where w.id = v_id) then
    perform tally.lock_source(put_watch.source, 'share row exclusive');
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
    -- And a document that everybody will ask for is there before the first one does.
    insert into tally.marks (summary, scope)
    select v_summary, m.scope
    from (values (null), ('')) m (scope)
    where m.scope is null or put_watch.scope is null;
  end if;
  perform tally.attach_triggers(put_watch.source, 'mark');
end
$function$;

comment on function tally.put_watch(text, regclass, text, text, text, text, smallint, name[]) is
  'Records a checked watch and attaches it.';
