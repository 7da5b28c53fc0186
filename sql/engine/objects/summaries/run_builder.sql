create or replace function tally.run_builder(
  function text, scope text, building bigint, out body text, out took_ms real, out state text, out error text
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'  -- a builder whose table is locked fails, and is tried again
as $function$
declare
  v_started timestamptz := clock_timestamp();
  v_built   boolean := false;
  v_me      text := md5(function || ':' || run_builder.scope);
  v_outer   text := coalesce(current_setting('tally.building', true), '');
  v_hasty   boolean := coalesce(current_setting('tally.hasty', true), '') = 'on';
begin
  -- Runs somebody else's code, in a subtransaction that may only read: a builder that writes fails.
  -- Whatever goes wrong is this document's alone. The subtransaction is always rolled back: what a
  -- builder sets for its session, locks or notifies would otherwise outlast it, and meet whoever
  -- happened to read.
  if position(v_me in v_outer) > 0 then
    -- It would go on so until the stack is full.
    took_ms := 0;
    state := 'TL021';
    error := 'its builder reads the document that it builds';
    return;
  end if;
  begin
    perform set_config('tally.building', v_outer || ' ' || v_me, true);
    perform set_config('transaction_read_only', 'on', true);
    if v_hasty then
      -- Others wait behind it: a lock is waited for where nobody does, see tally.build_quick.
      perform set_config('lock_timeout', '10ms', true);
    end if;
    if building is not null then
      -- Says so to those who wait, while it lasts: see tally.is_building.
      perform pg_advisory_xact_lock(building);
    end if;
    execute format('select tally.%I($1)::text', run_builder.function) into body
    using run_builder.scope;
    v_built := true;
    raise exception using errcode = 'triggered_action_exception', message = 'built';
  exception when query_canceled or others or assert_failure then
    if not v_built or sqlstate <> '09000' then
      get stacked diagnostics state = returned_sqlstate, error = message_text;
      if v_hasty and v_outer <> '' and state = '55P03' then
        raise;  -- the builder that reads this one waits for the lock, too
      end if;
      error := tally.brief(error);
      body := null;
    end if;
  end;
  took_ms := extract(epoch from clock_timestamp() - v_started) * 1000;
end
$function$;

comment on function tally.run_builder(text, text, bigint) is
  'Calls a summary''s builder: the document as text, or what went wrong. building: a lock to hold '
  'meanwhile.';
