create or replace function tally.collect_marks()
returns integer
language plpgsql
security definer  -- a server may work, and may not read marks by itself
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off  -- whatever statistics say of tables that empty themselves all the time
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_point     record;
  v_notes     boolean;
  v_collected integer;
  v_xmin      xid;
  v_now       timestamptz := clock_timestamp();
begin
  -- Turns marks into what is due, one row for each document. It waits for nobody, whoever else
  -- collects or builds: what another session has locked is that one's business, and is there again
  -- should it fail.
  perform tally.check_isolation('tally.collect_marks');
  perform tally.heed_clock();
  perform tally.collect_aged();
  select p.collection, p.seen, p.also into v_point from tally.collect_point p;
  if not exists (select from tally.marks m where m.xid >= v_point.seen)
     and not exists (select from tally.marks m where m.xid = any (v_point.also)) then
    return 0;
  end if;
  -- Who notes how far it came: one at a time, from where the one before came to. Without a note
  -- the next one only looks at more.
  v_notes := pg_try_advisory_xact_lock(1952541804, 10);
  select p.collection, p.seen, p.also into v_point from tally.collect_point p;

  with seen as materialized (
    select m.ctid as place
    from tally.marks m
    where m.xid >= v_point.seen or m.xid = any (v_point.also)
    limit 200000
  ), mine as materialized (
    select m.ctid as place
    from seen s
    join tally.marks m on m.ctid = s.place
    for update of m skip locked
  ), gone as (
    delete from tally.marks m using mine o
    where m.ctid = o.place
    returning m.summary, m.scope, m.marked_at
  ), net as materialized (
    select g.summary, g.scope, least(min(g.marked_at), v_now) as since, count(*) as marks
    from gone g
    group by g.summary, g.scope
  ), waiting as materialized (
    -- Stands there and nobody builds it: then this mark says nothing new. Locked, so that no build
    -- can begin before this transaction, whose marks it might not see, has ended. Each by itself,
    -- here and below: a join, planned while there was one row, reads all of them for each.
    select d.summary, d.scope
    from net n
    cross join lateral (
      select o.summary, o.scope from tally.due o
      where o.summary = n.summary and o.scope = n.scope
      for update skip locked
    ) d
  ), fresh as (
    -- Grouped, and not joined, which the planner would do row by row: it expects few.
    select u.summary, u.scope, min(u.since) as since
    from (
      select n.summary, n.scope, n.since, false as waits from net n
      union all
      select w.summary, w.scope, null, true from waiting w
    ) u
    group by u.summary, u.scope
    having not bool_or(u.waits)
  ), put as (
    insert into tally.due (summary, scope, due_since, due_at, is_slow)
    select n.summary, n.scope, n.since,
           -- Not more often than once in settle, also where transactions come in one by one that
           -- began long ago; and a builder that fails has its own time.
           -- Whatever the clock did meanwhile, it is not later than that from now.
           greatest(n.since + s.settle, least(d.built_at, v_now) + s.settle,
                    case when d.error is not null
                         then least(coalesce(d.next_at, d.tried_at + tally.backoff(d.attempts)),
                                    v_now + tally.backoff(d.attempts)) end),
           n.scope is not null
             and tally.is_slow(coalesce(d.build_ms, tally.expected_ms(n.summary, n.scope)))
    from fresh n
    join tally.summary_definitions s on s.id = n.summary
    left join lateral (
      select o.* from tally.documents o
      where o.summary = n.summary and o.scope = n.scope offset 0
    ) d on true
  ), point as (
    insert into tally.collections (collection, seen, also, written_by)
    select v_point.collection + 1, pg_snapshot_xmax(pg_current_snapshot()),
           array(select pg_snapshot_xip(pg_current_snapshot())) || pg_current_xact_id(),
           pg_current_xact_id()::xid
    where v_notes
      and (select count(*) from seen) = (select count(*) from gone)
      and (select count(*) from seen) < 200000
    returning xmin
  )
  select (select sum(n.marks) from net n), (select p.xmin from point p) into v_collected, v_xmin;
  if v_xmin is not null then
    if v_xmin <> pg_current_xact_id()::xid then
      -- In a subtransaction the row has another number than the transaction.
      update tally.collections c set written_by = v_xmin
      where c.collection = v_point.collection + 1;
    end if;
    delete from tally.collections c where c.collection = v_point.collection - 100;
  end if;
  return coalesce(v_collected, 0);
end
$function$;

comment on function tally.collect_marks() is
  'Turns what writers marked into documents that are due; how many marks. tally.work does it by '
  'itself; a server does it in a transaction of its own.';
