create or replace function tally.note_failure(
  definition tally.summary_definitions, scope text, took_ms real, error text, again boolean,
  since timestamptz
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say: a plan of when there were few reads all of them
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  -- The last document stays, and is due since the first change that it does not show. Work tries
  -- once more, later and later; not so where somebody only asked for a document that never was,
  -- because anybody may ask for any scope.
  insert into tally.documents as d
    (summary, scope, build_ms, tried_at, error, attempts, next_at, due_since)
  values (definition.id, note_failure.scope, took_ms, v_now, note_failure.error, 1,
          case when again then v_now + tally.backoff(1) end, coalesce(note_failure.since, v_now))
  on conflict on constraint documents_pkey do update
    set build_ms = excluded.build_ms, tried_at = excluded.tried_at, error = excluded.error,
        attempts = d.attempts + 1,
        due_since = coalesce(d.due_since,
                             least(excluded.due_since, d.built_at + definition.max_age)),
        next_at = case when again or d.body is not null or d.next_at is not null
                       then v_now + tally.backoff(d.attempts + 1) end;
  perform tally.note_build(definition.id, note_failure.scope, took_ms, 'failed');
end
$function$;

comment on function tally.note_failure(
  tally.summary_definitions, text, real, text, boolean, timestamptz) is
  'Records why a document could not be built, and when it is tried again.';
