create or replace function tally.pulse(
  out pulse bigint, out folded integer, out announced integer
)
language plpgsql
security definer  -- a server may pulse, and may not write totals by itself
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say of tables that empty themselves all the time
set jit = off
as $function$
declare
  v_started timestamptz := clock_timestamp();
  v_seen    xid8;
  v_also    xid8[];
  v_parts   text[];
  v_xmin    xid;
  v_swept   tid[];
begin
  -- Folds what is pending into totals and announces it. One session at a time: another returns
  -- at once. It runs nobody else's code and waits for nobody.
  perform tally.check_isolation('tally.pulse');
  folded := 0;
  announced := 0;
  if not pg_try_advisory_xact_lock(1952541804, 1) then
    pulse := (select max(p.pulse) from tally.pulses p);
    return;
  end if;
  select f.pulse, f.seen, f.also into pulse, v_seen, v_also from tally.fold_point f;
  v_swept := tally.sweep();
  if not exists (select from tally.deltas d where d.xid >= v_seen)
     and not exists (select from tally.deltas d where d.xid = any (v_also))
     and not exists (select from tally.late) then
    perform tally.end_sweep(v_swept);
    return;  -- nothing to do writes nothing
  end if;

  pulse := tally.next_pulse();
  with late as (
    -- Counters that a fill has just made readable: what changed while they were not.
    update tally.definitions d
    set announce_from = null
    from (select l.id, l.announce_from from tally.definitions l
          where l.id in (select a.id from tally.late a)
          for update skip locked) o
    where o.id = d.id
    returning d.id, o.announce_from
  ), gone as (
    delete from tally.deltas d
    where d.xid >= v_seen or d.xid = any (v_also)
    returning d.counter, d.scope, d.delta
  ), net as (
    select g.counter, g.scope, sum(g.delta) as delta, count(*) as deltas
    from gone g
    group by g.counter, g.scope
  ), put as (
    insert into tally.totals as t (counter, scope, value, version, ranking)
    select n.counter, n.scope, n.delta, pulse.pulse, case when d.ranked then n.delta end
    from net n
    join tally.definitions d on d.id = n.counter
    where not exists (select from tally.dropped x where x.counter = n.counter)
    order by n.counter, n.scope
    on conflict on constraint totals_pkey do update
      set value = t.value + excluded.value, version = excluded.version,
          ranking = t.ranking + excluded.value
      where excluded.value <> 0
    returning t.counter, t.scope, t.value
  ), changes as (
    select '["' || d.name || '",' || to_json(c.scope::text) || ',' || c.value::bigint || ']' as change,
           d.name, c.scope
    from (
      select p.counter, p.scope, p.value from put p
      union all
      select t.counter, t.scope, t.value
      from late l
      join tally.totals t on t.counter = l.id and t.version > l.announce_from
      where not exists (select from put p where p.counter = t.counter and p.scope = t.scope)
    ) c
    join tally.definitions d on d.id = c.counter
    where d.filled_at is not null
      and not exists (select from tally.fill_requests f where f.counter = d.id)
      and c.value between -9223372036854775808 and 9223372036854775807
  ), parts as (
    -- A payload has at most 7999 bytes, and one change at most about 3200.
    select b.part, string_agg(b.change, ',' order by b.name, b.scope) as changes, count(*) as n
    from (select c.change, c.name, c.scope,
                 sum(octet_length(c.change) + 1) over (order by c.name, c.scope) / 4500 as part
          from changes c) b
    group by b.part
  ), point as (
    insert into tally.pulses (pulse, folded, announced, took_ms, seen, also, written_by)
    select pulse.pulse, coalesce((select sum(n.deltas) from net n), 0),
           coalesce((select sum(s.n) from parts s), 0),
           extract(epoch from clock_timestamp() - v_started) * 1000,
           pg_snapshot_xmax(pg_current_snapshot()),
           array(select pg_snapshot_xip(pg_current_snapshot())) || pg_current_xact_id(),
           pg_current_xact_id()::xid
    returning xmin, pulses.folded, pulses.announced
  )
  select p.xmin, p.folded, p.announced,
         array(select s.changes from parts s order by s.part)
  into v_xmin, folded, announced, v_parts
  from point p;

  perform tally.end_sweep(v_swept);
  if v_xmin <> pg_current_xact_id()::xid then
    -- In a subtransaction the row has another number than the transaction.
    update tally.pulses p set written_by = v_xmin where p.pulse = pulse.pulse;
  end if;
  -- The one that is too old now; a range from the oldest on would step over dead rows each time.
  -- Once in a while all, for when keep_pulses was lowered.
  delete from tally.pulses p
  where p.pulse = pulse.pulse - (select s.keep_pulses from tally.settings s)
     or (pulse.pulse % 1000 = 0
         and p.pulse < pulse.pulse - (select s.keep_pulses from tally.settings s));

  for v_part in 1 .. greatest(cardinality(v_parts), 1) loop
    perform pg_notify('tally', format('{"pulse":%s,"part":%s,"parts":%s,"changes":[%s]}',
      pulse.pulse, v_part, greatest(cardinality(v_parts), 1), coalesce(v_parts[v_part], '')));
  end loop;
end
$function$;

comment on function tally.pulse() is
  'Folds pending changes into totals and announces them: its number, the deltas folded, the topics '
  'announced. Idle, it writes nothing.';
