create or replace function tally.work_upkeep(
  before timestamptz, until timestamptz, out filled integer, out jobs integer
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter bigint;
  v_job     text;
  v_tried   boolean := false;
begin
  filled := 0;
  jobs := 0;
  if not exists (select from tally.due_jobs j where j.due_at <= before)
     and not exists (select from tally.unfilled) then
    return;
  end if;
  begin
    if tally.take_slow_lane('upkeep') then
      for v_counter in
        select u.counter from tally.unfilled u
        where u.created_at <= before
          and coalesce(u.fill_again_at, u.created_at) <= clock_timestamp()
        order by u.fill_attempts, u.created_at, u.name
      loop
        exit when filled > 0 and clock_timestamp() >= until;
        continue when not pg_try_advisory_xact_lock(v_counter);
        v_tried := true;
        if tally.try_fill(v_counter) then
          filled := filled + 1;
        end if;
      end loop;
      if filled = 0 then
        for v_job in
          select j.name from tally.due_jobs j where j.due_at <= before order by j.due_at, j.name
        loop
          if tally.run_job(v_job) then
            jobs := 1;
            exit;
          end if;
        end loop;
      end if;
    end if;
    if not v_tried and jobs = 0 then
      -- Others are at all of it. Rolled back, so that neither the lane nor a job's lock is kept
      -- from them while this transaction goes on with something else.
      raise exception using errcode = 'triggered_action_exception', message = 'nothing to do';
    end if;
  exception when triggered_action_exception then
    null;
  end;
end
$function$;

comment on function tally.work_upkeep(timestamptz, timestamptz) is
  'Part of tally.work: fills counters, or else runs one job, of what has been due since then.';

create or replace function tally.work_long(
  waited interval, until timestamptz, out filled integer, out rebuilt integer, out jobs integer
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_before timestamptz := clock_timestamp() - waited;
begin
  -- A piece that may take long, of those that have waited for so long: fills, a job, or a document
  -- that is slow to build. Few sessions at once do such pieces: see tally.take_slow_lane.
  rebuilt := 0;
  select u.filled, u.jobs into filled, jobs from tally.work_upkeep(v_before, until) u;
  if filled + jobs = 0 then
    rebuilt := tally.build_slow(v_before);
  end if;
end
$function$;

comment on function tally.work_long(interval, timestamptz) is
  'Part of tally.work: a piece that may take long, if there is one that has waited for so long.';

create or replace function tally.work_expiry(until timestamptz)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_name    text;
  v_batch   bigint;
  v_expired bigint := 0;
begin
  -- Batch by batch of each rule in turn, so that none waits for another's backlog.
  loop
    v_batch := 0;
    for v_name in select e.name from tally.expiries e where not e.stopped order by e.name loop
      v_batch := v_batch + tally.expire_rule(v_name, 1000);
    end loop;
    v_expired := v_expired + v_batch;
    exit when v_batch = 0 or clock_timestamp() >= until;
  end loop;
  return v_expired;
end
$function$;

comment on function tally.work_expiry(timestamptz) is
  'Part of tally.work: changes rows that are due, until that time; how many.';

create or replace function tally.next_piece(expiry timestamptz)
returns timestamptz
language plpgsql
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
declare
  v_next timestamptz;
begin
  -- By index, and writing nothing: a server that is idle asks each second. Whoever asks computes
  -- with the answer, so it is never infinite.
  v_next := least(
    (select min(coalesce(u.fill_again_at, u.created_at)) from tally.unfilled u),
    (select min(j.due_at) from tally.due_jobs j),
    expiry,
    tally.next_build());
  return case v_next when 'infinity' then null when '-infinity' then clock_timestamp()
                     else v_next end;
end
$function$;

comment on function tally.next_piece(timestamptz) is
  'Part of tally.work: when it has something to do next, where tally.next_expiry said so much.';

create or replace function tally.next_work(past timestamptz default '-infinity')
returns timestamptz
language plpgsql
security definer  -- a server may ask, and may not read sources by itself
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
begin
  -- past: as in tally.next_expiry.
  return tally.next_piece(tally.next_expiry(past));
end
$function$;

comment on function tally.next_work(timestamptz) is
  'When tally.work has something to do next; in the past where it has now, NULL when never.';

create or replace function tally.next_work_knowing(
  expiry timestamptz, out expiry_at timestamptz, out due timestamptz
)
language plpgsql
security definer  -- a server may ask, and may not read sources by itself
set search_path = pg_catalog, pg_temp
set jit = off
as $function$
begin
  -- To ask each rule takes most of the time. Whoever is rung for what is written and falls due soon
  -- need not ask more often than once a second, and says what the answer was: infinity for never.
  expiry_at := coalesce(next_work_knowing.expiry, tally.next_expiry('-infinity'), 'infinity');
  due := tally.next_piece(expiry_at);
end
$function$;

comment on function tally.next_work_knowing(timestamptz) is
  'What tally.next_work says, and when the next row falls due, to be given to the next look.';

create or replace function tally.work_knowing(
  expiry timestamptz, budget interval,
  out filled integer, out rebuilt integer, out expired integer, out jobs integer,
  out next_due timestamptz
)
language plpgsql
security definer  -- a server may work, and may not read sources by itself
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_started timestamptz := clock_timestamp();
  v_second  bigint := extract(epoch from v_started);
  v_due     timestamptz := work_knowing.expiry;
  v_asked   timestamptz;
begin
  -- What is due beside the pulse, piece by piece. Several sessions may work at once: each takes
  -- pieces that no other has. No piece is begun once the budget is spent. What takes long is all
  -- that its transaction does: what others wait for is not kept from them meanwhile.
  perform tally.check_isolation('tally.work');
  -- Some microseconds for each counter, and a busy server calls this many times a second.
  -- Only what looks like a second is believed: a setting may hold anything.
  if coalesce(substring(current_setting('tally.looked_at', true) from '^[0-9]{1,12}$')::bigint, 0)
       not between v_second - 5 and v_second
  then
    perform tally.stop_unfit();
    perform set_config('tally.looked_at', v_second::text, false);
  end if;
  filled := 0;
  rebuilt := 0;
  expired := 0;
  jobs := 0;
  if random() < 0.5 then
    -- What takes long and has waited for long comes first, but every other time only: a backlog of
    -- it would keep what is quick waiting where one session does all the work.
    select w.filled, w.rebuilt, w.jobs into filled, rebuilt, jobs
    from tally.work_long(interval '10 seconds', v_started + budget) w;
  end if;
  if filled + rebuilt + jobs = 0 then
    -- First what has to be on time and takes least, for half of the budget: nothing shall starve.
    -- To ask takes half as long as to look for it.
    if v_due is null then
      v_asked := clock_timestamp();
      v_due := tally.next_expiry('-infinity');
    end if;
    perform set_config('tally.holds_rows', '', true);
    if v_due <= clock_timestamp() then
      expired := tally.work_expiry(v_started + budget / 2);
    end if;
    if expired > 0 then
      rebuilt := tally.build_quick(v_started + budget);
    else
      rebuilt := tally.build_due(v_started + budget);
    end if;
    if expired + rebuilt = 0 and current_setting('tally.holds_rows', true) = 'on' then
      -- Rows that could not be changed, and what was noted of them or their rule, are locked until this
      -- transaction ends, so it must not begin what takes long. They wait now: something was done, for
      -- whoever goes on until nothing is.
      rebuilt := 1;
    elsif expired + rebuilt = 0 then
      select w.filled, w.rebuilt, w.jobs into filled, rebuilt, jobs
      from tally.work_long(interval '0', v_started + budget) w;
    end if;
  end if;
  if v_due <= clock_timestamp()
     or work_knowing.expiry is null
        and (v_asked is null or clock_timestamp() >= v_asked + interval '20 milliseconds')
  then
    -- Where nothing could be done, what was due by then is in somebody else's hands. Otherwise it
    -- may be that only the time was over.
    v_due := tally.next_expiry(
      case when filled + rebuilt + expired + jobs = 0 then v_started else '-infinity' end);
  end if;
  next_due := tally.next_piece(v_due);
end
$function$;

comment on function tally.work_knowing(timestamptz, interval) is
  'tally.work for whoever knows from tally.next_work_knowing when the next row falls due; NULL: it '
  'asks itself.';

create or replace function tally.work(
  budget interval default '100 milliseconds',
  out filled integer, out rebuilt integer, out expired integer, out jobs integer,
  out next_due timestamptz
)
language sql
volatile
security definer  -- as the one that it calls
set search_path = pg_catalog, pg_temp
as $function$
  select w.filled, w.rebuilt, w.expired, w.jobs, w.next_due
  from tally.work_knowing(null, work.budget) w
$function$;

comment on function tally.work(interval) is
  'Does what is due beside the pulse: changes rows whose time has come, rebuilds documents, fills '
  'new counters, runs jobs. Says how much, and when to come again.';
