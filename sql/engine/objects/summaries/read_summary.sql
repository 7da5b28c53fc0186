create or replace function tally.is_fresh(document tally.documents, max_age interval)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
begin
  return document.built_at is not null
     and (max_age is null
          -- One of the future was built before the clock was put back.
          or document.built_at between clock_timestamp() - max_age and clock_timestamp());
end
$function$;

comment on function tally.is_fresh(tally.documents, interval) is
  'Whether a document may be shown as it is. One that the builder said there is none of, too.';

create or replace function tally.await_build(
  definition tally.summary_definitions, scope text, patient boolean
)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_document  tally.documents;
  v_key       bigint := tally.document_key(definition.id, await_build.scope);
  v_is_shared boolean := false;
  v_until     timestamptz;
  v_pause     double precision := 0.005;
  v_outcome   text;
begin
  -- Locks are tried, never waited for: two who read the same documents in another order, each in a
  -- transaction that keeps what it has locked to its end, would wait for each other.
  loop
    v_is_shared := v_is_shared or pg_try_advisory_xact_lock_shared(definition.id);
    if v_is_shared and pg_try_advisory_xact_lock(v_key) then
      v_outcome := 'mine';
      exit;
    end if;
    -- Somebody builds it: one build is enough for all who read.
    v_document := tally.find_document(definition.id, await_build.scope);
    if tally.is_fresh(v_document, definition.max_age) then
      v_outcome := 'fresh';
      exit;
    elsif v_document.body is not null then
      v_outcome := 'last';
      exit;
    end if;
    perform tally.find_summary(definition.name);  -- it may be dropped by now
    if tally.is_building(v_key) then
      v_until := null;
    elsif not patient and clock_timestamp() >= v_until then
      -- Built, and not committed for so long: nobody knows when it will be.
      v_outcome := 'alone';
      exit;
    else
      v_until := coalesce(v_until, clock_timestamp() + interval '1 second');
    end if;
    perform pg_sleep(v_pause);
    v_pause := least(v_pause * 1.5, 0.1);
  end loop;
  return v_outcome;
end
$function$;

comment on function tally.await_build(tally.summary_definitions, text, boolean) is
  'Part of tally.build_on_read. mine: this transaction may build it; alone: not so, and the one that '
  'may has built it and stays open, but for who is patient; fresh: it is there; last: an older one is.';

create or replace function tally.build_on_read(
  definition tally.summary_definitions, scope text, patient boolean,
  out outcome text, out body text, out error text
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_document tally.documents;
  v_built    record;
  v_can_keep boolean :=
    current_setting('transaction_read_only') = 'off'
    and current_setting('transaction_isolation') in ('read committed', 'read uncommitted');
begin
  -- Builds a document for somebody who wants to read it, unless it is there by now. Where nothing
  -- can be written, on a standby say, it is built and not kept.
  outcome := case when v_can_keep then tally.await_build(definition, build_on_read.scope, patient)
                  else 'alone' end;
  v_document := tally.find_document(definition.id, build_on_read.scope);
  body := v_document.body;
  if outcome = 'alone' then
    v_built := tally.run_builder(definition.function, build_on_read.scope, null);
    outcome := case when v_built.state is null then 'not kept' else 'failed' end;
    error := v_built.error;
    if error is null then
      body := v_built.body;
    end if;
    return;
  elsif outcome in ('fresh', 'last') then
    return;
  end if;
  perform tally.find_summary(definition.name);  -- it may be dropped by now
  if tally.is_fresh(v_document, definition.max_age) then
    outcome := 'fresh';
  elsif v_document.error is not null
        and v_document.tried_at <= clock_timestamp()
        and v_document.tried_at + tally.backoff(v_document.attempts) > clock_timestamp() then
    -- It failed a moment ago: whoever reads does not make it fail again.
    outcome := 'failed';
    error := v_document.error;
  else
    v_built := tally.build_here(definition, build_on_read.scope, false, null);
    outcome := v_built.outcome;
    error := v_built.error;
    if error is null then
      body := v_built.body;
    end if;
  end if;
end
$function$;

comment on function tally.build_on_read(tally.summary_definitions, text, boolean) is
  'Builds a document for a reader. outcome: as of tally.build_here; fresh: it is there by now; '
  'last: another builds it; not kept: built for this reader alone, unless he is patient.';

create or replace function tally.summary_text(name text, scope text)
returns text
language plpgsql
volatile
security definer  -- readers have no right on tally.documents
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions := tally.find_summary(summary_text.name);
  v_document   tally.documents;
  v_built      record;
begin
  -- The last document, and where there is none or it is older than max_age, a new one. Many who
  -- read at once cause one build: the others get the last document, or wait when there is none.
  perform tally.check_scope(summary_text.name, summary_text.scope);
  v_document := tally.find_document(v_definition.id, summary_text.scope);
  if tally.is_fresh(v_document, v_definition.max_age) then
    return v_document.body;
  end if;
  v_built := tally.build_on_read(v_definition, summary_text.scope, false);
  if v_built.outcome = 'canceled' then
    raise exception using errcode = 'query_canceled',
      message = format('summary "%s" could not be built for scope "%s" in time: %s',
                       v_definition.name, summary_text.scope, v_built.error);
  end if;
  if v_built.outcome = 'failed' and v_built.body is null then
    raise exception using errcode = 'TL021',
      message = format('summary "%s" could not be built for scope "%s": %s', v_definition.name,
                       summary_text.scope, v_built.error),
      hint = format('Its builder %s raised that. Mend it, or what it reads.', v_definition.builder);
  end if;
  return v_built.body;
end
$function$;

comment on function tally.summary_text(text, text) is
  'tally.read_summary, as the text that the builder''s JSON has: to look for something in a large '
  'document, or to send it as it stands, without reading it as JSON first.';

create or replace function tally.read_summary(name text, scope text default '')
returns jsonb
language plpgsql
volatile
security definer  -- readers have no right on tally.documents
set search_path = pg_catalog, pg_temp
as $function$
begin
  return tally.summary_text(read_summary.name, read_summary.scope)::jsonb;
end
$function$;

comment on function tally.read_summary(text, text) is
  'A document: the last one, built now if it is missing or older than max_age. NULL where the '
  'builder says there is none.';

create or replace function tally.build_topic(name text, scope text)
returns text
language plpgsql
volatile
security definer  -- a server has no right on tally.documents
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions;
  v_document   tally.documents;
begin
  -- tally.read_summary for a server, which reads the document afterwards: an error is an outcome
  -- here, so that it is recorded, and not tried again by the next request at once. Patient, because
  -- it is of no use to a server unless it is kept.
  select s.* into v_definition from tally.summary_definitions s where s.name = build_topic.name;
  if not found then
    return 'unknown';
  end if;
  perform tally.check_scope(build_topic.name, build_topic.scope);
  v_document := tally.find_document(v_definition.id, build_topic.scope);
  if tally.is_fresh(v_document, v_definition.max_age) then
    return 'fresh';
  end if;
  return (select b.outcome from tally.build_on_read(v_definition, build_topic.scope, true) b);
end
$function$;

comment on function tally.build_topic(text, text) is
  'Sees to it that a document can be read; the outcome as of tally.build_on_read.';
