create or replace function tally.build_quick(until timestamptz)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_key     record;
  v_outcome text;
  v_built   integer := 0;
begin
  -- At most some hundreds in one transaction: each keeps a lock to its end, and there is room for
  -- some thousands in the server. Looked at are more, since another session may be at the first.
  for v_key in select d.* from tally.pick_due(false, clock_timestamp(), 700) d loop
    -- One at least: whoever works until nothing is left relies on it.
    exit when v_built > 0 and (v_built >= 300 or clock_timestamp() >= until);
    if tally.is_slow(tally.expected_ms(v_key.summary, v_key.scope)) then
      perform tally.sort_due(v_key.summary, v_key.scope, true);
      continue;
    end if;
    v_outcome := tally.build_piece(v_key.summary, v_key.scope);
    v_built := v_built + case when v_outcome in ('busy', 'dropped') then 0 else 1 end;
    exit when v_outcome = 'canceled';
  end loop;
  return v_built;
end
$function$;

comment on function tally.build_quick(timestamptz) is
  'Part of tally.build_due: builds due documents that take little, one after another.';

create or replace function tally.build_slow(before timestamptz)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_key     record;
  v_outcome text;
  v_quick   boolean := false;
begin
  -- One document that takes long, or of which nobody knows. Few such at once, in the whole database:
  -- whoever works beside them is free for the others.
  if not exists (select from tally.pick_due(true, before, 1))
     or not tally.take_slow_lane('documents') then
    return 0;
  end if;
  for v_key in select d.* from tally.pick_due(true, before, 100) d loop
    if not tally.is_slow(tally.expected_ms(v_key.summary, v_key.scope)) then
      -- It is known by now: another one of its summary has been built, say.
      perform tally.sort_due(v_key.summary, v_key.scope, false);
      v_quick := true;
      continue;
    end if;
    begin
      v_outcome := tally.build_piece(v_key.summary, v_key.scope);
      if v_outcome = 'busy' then
        -- Rolled back, so that its lock is not kept from others while the next one is built.
        raise exception using errcode = 'triggered_action_exception', message = 'busy';
      elsif v_outcome <> 'dropped' then
        return 1;
      end if;
    exception when triggered_action_exception then
      null;
    end;
  end loop;
  return case when v_quick
              then tally.build_quick(clock_timestamp() + interval '50 milliseconds') else 0 end;
end
$function$;

comment on function tally.build_slow(timestamptz) is
  'Part of tally.work: builds one due document that takes long.';

create or replace function tally.build_due(until timestamptz)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_built integer;
begin
  -- What takes little; tally.work has its own place for what takes long. Whoever collects marks
  -- keeps them from others until its transaction ends: so a server does it in one of its own, and
  -- it is done here only where no server is.
  v_built := tally.build_quick(until);
  if v_built = 0 and not (select a.attended from tally.attendance a) then
    perform tally.collect_marks();
    perform tally.expand_due();
    v_built := tally.build_quick(until);
  end if;
  return v_built;
end
$function$;

comment on function tally.build_due(timestamptz) is
  'Part of tally.work: builds due documents until that time; how many.';

create or replace function tally.next_build()
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
begin
  -- Something of the future was written before the clock was put back, and is due.
  return least(
    (select min(d.due_at) from tally.due d where not d.is_slow),
    (select min(d.due_at) from tally.due d where d.is_slow),
    (select min(d.next_at) from tally.documents d where d.next_at is not null),
    case when exists (select from tally.pending_marks)
              or exists (select from tally.due d where d.due_since > clock_timestamp())
              or exists (select from tally.documents d
                         where greatest(d.built_at, d.tried_at) > clock_timestamp())
         then clock_timestamp() end);
end
$function$;

comment on function tally.next_build() is
  'Part of tally.work: when the next document is due; NULL when none is.';
