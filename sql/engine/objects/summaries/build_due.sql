create or replace function tally.build_quick(until timestamptz)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_key     record;
  v_outcome text;
  v_began   timestamptz;
  v_aside   bigint[] := '{}';
  v_built   integer := 0;
  v_busy    integer := 0;
  v_moved   boolean := false;
  v_is_late boolean;
begin
  -- At most some dozens in one transaction: each keeps a lock to its end, for which there is room
  -- in the server for some thousands, and is a subtransaction, of which every snapshot holds 64.
  -- Looked at are more, since another session may be at the first.
  -- Where a transaction that stays open keeps many of them, they would be the first for as long:
  -- then only what nobody keeps is looked for. Theirs come first again when it has ended.
  <<rounds>>
  for v_round in 1 .. 2 loop
    for v_key in
      select d.* from tally.pick_due(false, clock_timestamp(), 700) d where v_round = 1
      union all
      select f.* from tally.pick_free(false, clock_timestamp(), 100) f where v_round = 2
    loop
      -- One at least: whoever works until nothing is left relies on it.
      v_is_late := clock_timestamp() >= until;
      exit rounds when v_built > 0 and (v_built >= 60 or v_is_late);
      if v_is_late and cardinality(v_aside) > 0 then
        return 1;  -- some were put aside: that is something done, and there is more to do
      end if;
      continue when v_key.summary = any (v_aside);
      if tally.is_suspect(v_key.summary) then
        v_moved := tally.suspect_all(v_key.summary) or v_moved;
        v_aside := v_aside || v_key.summary;
        continue;
      elsif tally.is_slow(tally.expected_ms(v_key.summary, v_key.scope)) then
        v_moved := tally.sort_due(v_key.summary, v_key.scope, true) or v_moved;
        continue;
      end if;
      -- How long it took the last time says nothing of a table that is locked by now, nor of a plan
      -- that has changed. One of a summary finds that out, and the others leave the way free.
      v_began := clock_timestamp();
      perform set_config('tally.hasty', 'on', true);
      begin
        v_outcome := tally.build_piece(v_key.summary, v_key.scope);
        if v_outcome in ('busy', 'late') then
          -- Rolled back, so that its locks are not kept, as in tally.build_one_slow.
          raise exception using errcode = 'triggered_action_exception', message = 'busy';
        end if;
      exception when triggered_action_exception then
        v_outcome := 'busy';
      end;
      perform set_config('tally.hasty', '', true);
      v_moved := v_moved or v_outcome in ('locked', 'dropped');
      if v_outcome = 'locked' or (v_outcome not in ('busy', 'dropped')
           and tally.is_slow((extract(epoch from clock_timestamp() - v_began) * 1000)::real)) then
        v_moved := tally.suspect_all(v_key.summary) or v_moved;
        v_aside := v_aside || v_key.summary;
      end if;
      v_built := v_built + case when v_outcome in ('busy', 'dropped', 'locked') then 0 else 1 end;
      exit rounds when v_outcome = 'canceled';
      v_busy := v_busy + case when v_outcome = 'busy' then 1 else 0 end;
      exit when v_round = 1 and v_busy >= 50;
    end loop;
    exit when v_busy < 50;
  end loop;
  -- What was moved is locked until this transaction ends: so it must not begin what takes long, which
  -- nothing done would have it do.
  return greatest(v_built, v_moved::integer);
end
$function$;

comment on function tally.build_quick(timestamptz) is
  'Part of tally.build_due: builds due documents that take little, one after another; how many, '
  'and 1 where something was only put in its place.';

create or replace function tally.build_one_slow(summary bigint, scope text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_began   timestamptz := clock_timestamp();
  v_outcome text;
  v_is_slow boolean;
begin
  begin
    v_outcome := tally.build_piece(build_one_slow.summary, build_one_slow.scope);
    if v_outcome in ('busy', 'late') then
      -- Rolled back, so that its lock is not kept from others while the next one is built.
      raise exception using errcode = 'triggered_action_exception', message = 'busy';
    end if;
  exception when triggered_action_exception then
    return false;
  end;
  if v_outcome = 'dropped' then
    return false;
  end if;
  v_is_slow := tally.is_slow((extract(epoch from clock_timestamp() - v_began) * 1000)::real);
  if tally.is_suspect(build_one_slow.summary) then
    if not v_is_slow then
      perform tally.trust_due(build_one_slow.summary);
    elsif v_outcome = 'failed' then
      perform tally.put_off_due(build_one_slow.summary);
    end if;
  elsif v_is_slow and v_outcome = 'none' then
    -- What is kept of it, and would tell how long the others take, is forgotten after a day.
    perform tally.suspect_all(build_one_slow.summary);
  end if;
  return true;
end
$function$;

comment on function tally.build_one_slow(bigint, text) is
  'Part of tally.build_slow: whether this session could build it.';

create or replace function tally.build_slow(before timestamptz)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_key    record;
  v_busy   integer := 0;
  v_quick  boolean := false;
  v_sorted boolean := false;
begin
  -- One document that takes long, or of which nobody knows. Few such at once, in the whole database:
  -- whoever works beside them is free for the others.
  if not exists (select from tally.pick_due(true, before, 1))
     and not exists (select from tally.looks l where l.due_at <= before and not l.is_rest)
     or not tally.take_slow_lane('documents') then
    return 0;
  end if;
  v_quick := tally.look_due(before);
  -- First what nobody knows: it may be quick, and should not wait for all that are slow.
  for v_key in select d.* from tally.pick_unknown(before) d loop
    if tally.build_one_slow(v_key.summary, v_key.scope) then
      return 1;
    end if;
  end loop;
  -- Every other time one that stands for all of a suspect summary: they may be quick by now, and
  -- should not wait for the backlog of another one.
  if random() < 0.5 then
    for v_key in select d.* from tally.pick_suspect(clock_timestamp()) d loop
      if tally.build_one_slow(v_key.summary, v_key.scope) then
        return 1;
      end if;
    end loop;
  end if;
  -- In two rounds, as in tally.build_quick.
  <<rounds>>
  for v_round in 1 .. 2 loop
    for v_key in
      select d.* from tally.pick_due(true, before, 100) d where v_round = 1
      union all
      select f.* from tally.pick_free(true, before, 20) f where v_round = 2
    loop
      if not tally.is_suspect(v_key.summary)
         and not tally.is_slow(tally.expected_ms(v_key.summary, v_key.scope)) then
        -- It is known by now: another one of its summary has been built, say.
        v_sorted := tally.sort_due(v_key.summary, v_key.scope, false) or v_sorted;
      elsif v_sorted then
        exit rounds;  -- a slow build would keep from others what was sorted
      elsif tally.build_one_slow(v_key.summary, v_key.scope) then
        return 1;
      else
        v_busy := v_busy + 1;
        exit when v_round = 1 and v_busy >= 50;
      end if;
    end loop;
    exit when v_busy < 50;
  end loop;
  if not (v_quick or v_sorted) then
    return 0;
  end if;
  return greatest(v_sorted::integer,
                  tally.build_quick(clock_timestamp() + interval '50 milliseconds'));
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
    (select min(l.due_at) from tally.looks l where not l.is_rest),
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
