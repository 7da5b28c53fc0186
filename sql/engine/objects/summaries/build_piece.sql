create or replace function tally.build_here(
  definition tally.summary_definitions, scope text, again boolean, since timestamptz,
  out outcome text, out body text, out error text
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_built record;
  v_since timestamptz := build_here.since;
begin
  -- Builds one document, whose lock the caller holds. What was due of it is forgotten before the
  -- builder's snapshot is taken, which therefore shows all that it stood for.
  if not again then
    v_since := tally.forget_due(definition.id, build_here.scope);
  end if;
  v_built := tally.run_builder(
    definition.function, build_here.scope,
    tally.building_key(tally.document_key(definition.id, build_here.scope)));
  if v_built.state is null then
    body := v_built.body;
    outcome := tally.store_document(definition, build_here.scope, body, v_built.took_ms);
    return;
  end if;
  outcome := case when v_built.state = '57014' then 'canceled' else 'failed' end;
  error := v_built.error;
  if outcome = 'canceled' and not again then
    -- Whoever asked has no more time. Work has: it builds what takes long on its own. Until then
    -- the row says so to those who read, see tally.document_states.
    insert into tally.due (summary, scope, due_since, due_at, is_slow)
    values (definition.id, build_here.scope, coalesce(v_since, clock_timestamp()),
            clock_timestamp(), true);
    insert into tally.documents as d (summary, scope, build_ms, tried_at)
    values (definition.id, build_here.scope, v_built.took_ms, clock_timestamp())
    on conflict on constraint documents_pkey do update
      set build_ms = excluded.build_ms, tried_at = excluded.tried_at, error = null
      where d.built_at is null;
    return;
  elsif v_built.state = '55P03' and current_setting('tally.hasty', true) = 'on' then
    -- It was given no time to wait for a lock: that is no failure. Behind the others of its summary,
    -- which may not need that lock.
    outcome := 'locked';
    insert into tally.due (summary, scope, due_since, due_at, is_slow, is_suspect)
    values (definition.id, build_here.scope, coalesce(v_since, clock_timestamp()),
            clock_timestamp(), true, true);
    return;
  end if;
  perform tally.note_failure(definition, build_here.scope, v_built.took_ms, error,
                             again or v_since is not null, v_since);
  if again then
    raise warning using errcode = 'TL021',
      message = format('summary "%s" could not be built for scope "%s": %s', definition.name,
                       build_here.scope, error);
  end if;
end
$function$;

comment on function tally.build_here(tally.summary_definitions, text, boolean, timestamptz) is
  'Builds and keeps one document: changed, equal, gone (there is none any more), none, failed, '
  'canceled or locked (in the quick lane: it is due once more, as a slow one). again: nobody waits for it, so a failure is a warning, and work tries once more; the '
  'caller has called tally.forget_due, which said since.';

create or replace function tally.build_piece(summary bigint, scope text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions;
  v_since      timestamptz;
begin
  -- One build as a piece of work: skipped when another session has it, or had it meanwhile.
  if not pg_try_advisory_xact_lock_shared(build_piece.summary)
     or not pg_try_advisory_xact_lock(tally.document_key(build_piece.summary, build_piece.scope))
  then
    return 'busy';
  end if;
  v_since := tally.forget_due(build_piece.summary, build_piece.scope);
  if v_since is null then
    return 'late';
  end if;
  select s.* into v_definition from tally.summary_definitions s where s.id = build_piece.summary;
  if not found then
    return 'dropped';
  end if;
  return (select b.outcome from tally.build_here(v_definition, build_piece.scope, true, v_since) b);
end
$function$;

comment on function tally.build_piece(bigint, text) is
  'Builds one document unless somebody else does (busy) or has (late; both keep locks until the '
  'transaction ends); a failure is recorded and harms no other.';
