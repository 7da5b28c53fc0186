create or replace function tally.pulse(
  out pulse bigint, out folded integer, out announced integer
)
language plpgsql
security definer  -- a server may pulse, and may not write totals by itself
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes longer than a small fold does
set enable_seqscan = off  -- whatever statistics say of tables that empty themselves all the time
set jit = off
as $function$
declare
  v_started timestamptz := clock_timestamp();
  v_now     record;
  v_swept   tid[];
  v_late    bigint[] := '{}';
  v_xmin    xid;
  v_mine    boolean := false;
  v_changes text[];
begin
  -- Folds what is pending into totals and announces it. One session at a time: another returns
  -- at once. It runs nobody else's code and waits for nobody.
  perform tally.check_isolation('tally.pulse');
  folded := 0;
  announced := 0;
  loop
    select f.pulse, f.seen, f.also, s.keep_pulses,
           exists (select from tally.deltas d where (d.delta is not null) is true and d.xid >= f.seen)
             or exists (select from tally.deltas d
                        where (d.delta is not null) is true and d.xid = any (f.also)) as pending,
           exists (select from tally.late) as late,
           exists (select from tally.dropped) as dropped,
           (select l.is_begun from tally.life l) as begun
    into v_now
    from tally.fold_point f join tally.settings s on s.only_row;
    pulse := v_now.pulse;
    if not v_now.pending and not v_now.late and not v_now.dropped and v_now.begun then
      return;  -- nothing to do writes nothing, and locks nothing
    end if;
    exit when v_mine;
    perform from tally.turns t where t.name = 'fold' for update skip locked;
    if not found then
      pulse := (select max(p.pulse) from tally.pulses p);
      return;
    end if;
    v_mine := true;
    -- Somebody may have folded between the look and the turn: then look again.
    exit when pulse = (select max(p.pulse) from tally.pulses p);
  end loop;
  if v_now.dropped then
    v_swept := tally.sweep();
  end if;
  if not v_now.pending and not v_now.late and v_now.begun then
    perform tally.end_sweep(v_swept) where v_now.dropped;
    return;  -- nothing to do writes nothing
  end if;

  pulse := tally.next_pulse();
  if v_now.late then
    v_late := tally.renew_late(pulse);
  end if;
  with gone as (
    delete from tally.deltas d
    where (d.delta is not null) is true and (d.xid >= v_now.seen or d.xid = any (v_now.also))
    returning d.counter, d.scope, d.delta
  ), net as (
    select g.counter, g.scope, sum(tally.bounded(g.delta)) as delta, count(*) as deltas
    from gone g
    group by g.counter, g.scope
  ), put as (
    -- A key that went and came back has a new version too: somebody may have read the number in
    -- between, with the old one.
    insert into tally.totals as t (counter, scope, value, version, ranking)
    select n.counter, n.scope, n.delta, pulse.pulse, case when d.ranked then n.delta end
    from net n
    join tally.definitions d on d.id = n.counter
    where not exists (select from tally.dropped x where x.counter = n.counter)
    order by n.counter, n.scope
    on conflict on constraint totals_pkey do update
      set value = tally.bounded(t.value) + excluded.value, version = excluded.version,
          ranking = tally.bounded(t.ranking) + excluded.value
    returning t.counter, t.scope, t.value
  ), changes as (
    select array_agg(tally.change(d.name, p.scope, p.value) order by d.name, p.scope) as list
    from put p
    join tally.definitions d on d.id = p.counter
    where d.filled_at is not null and d.id <> all (v_late)
      and not exists (select from tally.fill_requests f where f.counter = d.id)
  ), point as (
    insert into tally.pulses (pulse, folded, announced, took_ms, seen, also, written_by)
    select pulse.pulse, coalesce((select sum(n.deltas) from net n), 0),
           coalesce((select cardinality(c.list) from changes c), 0),
           extract(epoch from clock_timestamp() - v_started) * 1000,
           pg_snapshot_xmax(pg_current_snapshot()),
           array(select pg_snapshot_xip(pg_current_snapshot())) || pg_current_xact_id(),
           pg_current_xact_id()::xid
    returning xmin, pulses.folded, pulses.announced
  )
  select p.xmin, p.folded, p.announced, c.list
  into v_xmin, folded, announced, v_changes
  from point p cross join changes c;

  if v_now.dropped then
    perform tally.end_sweep(v_swept);
  end if;
  if v_now.late then
    v_changes := v_changes || tally.late_changes(v_late, pulse);
    announced := coalesce(cardinality(v_changes), 0);
  end if;
  if v_now.late or v_xmin <> pg_current_xact_id()::xid then
    -- In a subtransaction the row has another number than the transaction.
    update tally.pulses p
    set announced = pulse.announced, written_by = v_xmin
    where p.pulse = pulse.pulse;
  end if;
  -- The one that is too old now; a range from the oldest on would step over dead rows each time.
  delete from tally.pulses p where p.pulse = pulse.pulse - v_now.keep_pulses;
  if pulse % 1000 = 0 then
    -- Once in a while all, for when keep_pulses was lowered.
    delete from tally.pulses p where p.pulse < pulse.pulse - v_now.keep_pulses;
  end if;
  perform tally.announce(pulse, v_changes);
end
$function$;

comment on function tally.pulse() is
  'Folds pending changes into totals and announces them: its number, the deltas folded, the topics '
  'announced. Idle, it writes nothing.';
