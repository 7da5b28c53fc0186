create or replace function tally.store_document(
  definition tally.summary_definitions, scope text, body text, took_ms real
)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say: a plan of when there were few reads all of them
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_old     tally.documents;
  v_now     timestamptz := clock_timestamp();
  v_since   interval;
  v_outcome text;
  v_is_news boolean;
begin
  -- The caller holds the document's lock. Nothing is announced of a document that is as it was.
  select d.* into v_old from tally.documents d
  where d.summary = definition.id and d.scope = store_document.scope;
  v_outcome := case
    when store_document.body is null and v_old.body is null then 'none'
    when store_document.body is null then 'gone'
    when store_document.body = v_old.body then 'equal'
    else 'changed' end;
  -- That there is none is news to whoever was told that it fails, or takes long.
  v_is_news := v_outcome in ('changed', 'gone')
               or v_outcome = 'none' and (v_old.error is not null
                                          or v_old.summary is not null and v_old.built_at is null);
  -- What the clock took away it may bring back: so one that went is built again at its max_age, then
  -- each time after twice as long, and when that is more than a day not any more. One that never was
  -- is not: anybody may ask for any scope.
  v_since := v_now - v_old.built_at;
  if v_old.summary is not null then
    update tally.documents d
    set body = case when v_outcome = 'equal' then d.body else store_document.body end,
        built_at = v_now, build_ms = took_ms, tried_at = v_now, error = null, attempts = 0,
        due_since = null,
        next_at = case
          when v_outcome <> 'none' then v_now + definition.max_age
          when v_old.version > 0 and definition.max_age is not null and v_since < interval '1 day'
          then v_now + greatest(definition.max_age, 2 * v_since) end
    where d.summary = definition.id and d.scope = store_document.scope;
  elsif v_outcome = 'changed' or tally.is_slow(took_ms) then
    -- Of none, too, where it took long to find that out: else each who asks would begin anew, and
    -- those who have no more time would never hear of it.
    insert into tally.documents (summary, scope, body, built_at, build_ms, tried_at, next_at)
    values (definition.id, store_document.scope, store_document.body, v_now, took_ms, v_now,
            case when v_outcome = 'changed' then v_now + definition.max_age end);
  end if;
  if v_is_news then
    insert into tally.announcements (summary, scope, is_first)
    values (definition.id, store_document.scope,
            not exists (select from tally.announcements a where a.xid = pg_current_xact_id()));
  end if;
  perform tally.note_build(definition.id, store_document.scope, took_ms, v_outcome);
  return v_outcome;
end
$function$;

comment on function tally.store_document(tally.summary_definitions, text, text, real) is
  'Keeps a document that was built: changed, equal, gone (there is none any more) or none.';
