create or replace function tally.values_of(names text[], scopes text[])
returns bigint[]
language plpgsql
stable  -- so that all its queries see the one snapshot of the statement that calls it
security definer  -- an application may not read totals and deltas by itself
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
set enable_seqscan = off  -- and the plan stays: it may not be made for tables that are still small
set jit = off  -- where an index is missing costs look huge, and compiling would take 100 ms
as $function$
declare
  v_counters bigint[];
  v_seen     xid8;
  v_also     xid8[];
begin
  -- As tally.counters has them, by index, each counter looked up once however many scopes there are:
  -- a page shows dozens of numbers. NULL among them: a counter that cannot be shown now.
  v_counters := array(
    select c.id
    from unnest(names) with ordinality n (name, pos)
    left join lateral (
      select d.id
      from tally.definitions d
      where d.name = n.name
        and d.filled_at is not null
        and not exists (select from tally.fill_requests f where f.counter = d.id)
        and exists (select from tally.fit_sources s where s.source = d.source)
      offset 0
    ) c on true
    order by n.pos
  );
  select f.seen, f.also into v_seen, v_also from tally.fold_point f;
  -- Mostly nothing at all is pending in a snapshot, and then no key has to be looked up there.
  if not exists (
    select from tally.deltas d where (d.delta is not null) is true and d.xid >= v_seen
  ) and not exists (
    select from unnest(v_also) a (xid)
    cross join lateral (
      select from tally.deltas o where (o.delta is not null) is true and o.xid = a.xid offset 0
    ) d
    where a.xid < v_seen
  ) then
    return array(
      select case
          when c.counter is null or k.scope is null then null
          when t.value is null then 0
          when t.value between -9223372036854775808 and 9223372036854775807 then t.value::bigint
        end
      from unnest(v_counters) with ordinality c (counter, pos)
      cross join unnest(scopes) with ordinality k (scope, pos)
      left join lateral (
        -- By itself, so that the index is entered by both: by the counter alone is a scan of it.
        select o.value from tally.totals o
        where o.counter = c.counter and o.scope = k.scope offset 0
      ) t on true
      order by c.pos, k.pos
    );
  end if;
  return array(
    select case
        when c.counter is null or k.scope is null then null
        when v.value between -9223372036854775808 and 9223372036854775807 then v.value::bigint
      end
    from unnest(v_counters) with ordinality c (counter, pos)
    cross join unnest(scopes) with ordinality k (scope, pos)
    cross join lateral (
      select coalesce(sum(tally.bounded(u.value)), 0) as value
      from (
        select o.value from tally.totals o
        where o.counter = c.counter and o.scope = k.scope
        union all
        select d.delta from tally.deltas d
        where d.counter = c.counter and d.scope = k.scope and d.xid >= v_seen
        union all
        -- One by one: a scan with xid = any (…) as its filter would step over dead rows.
        select d.delta
        from unnest(v_also) a (xid)
        cross join lateral (
          select o.delta from tally.deltas o
          where o.counter = c.counter and o.scope = k.scope and o.xid = a.xid offset 0
        ) d
        where a.xid < v_seen
      ) u
    ) v
    order by c.pos, k.pos
  );
end
$function$;

comment on function tally.values_of(text[], text[]) is
  'Each of those counters in each of those scopes, exact in the reader''s snapshot: all scopes of the '
  'first name, then all of the second. 0 where nothing was ever counted; NULL for what cannot be shown '
  'now: a counter that is unknown, filling or broken, a number beyond bigint.';
