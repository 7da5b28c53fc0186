create or replace function tally.read_topics(names text[], scopes text[])
returns setof tally.topic_reading
language plpgsql
stable  -- so that both its queries see the one snapshot of the statement that calls it
security definer  -- a server may not read totals and deltas by itself
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
set enable_seqscan = off  -- and the plan stays: it may not be made for tables that are still small
as $function$
declare
  v_pulse bigint;
  v_seen  xid8;
  v_also  xid8[];
  v_history text := tally.history();
begin
  -- Each key by index, as tally.counters would show it: nothing is summed beyond the key's own
  -- pending deltas. One row for each key, by its place in the arrays.
  select f.pulse, f.seen, f.also into v_pulse, v_seen, v_also from tally.fold_point f;
  return query
  select r.pos::integer, r.kind, r.audience,
         case when r.fits then r.state
              when r.state = 'ready' then 'overflow'
              else coalesce(r.state, 'unknown') end,
         case when r.kind = 'summary' then r.body
              when r.fits then r.value::bigint::text end,
         case when r.fits then r.version else 0 end,
         r.deltas = 0,
         v_pulse, v_history
  from (
    -- offset 0: so that these are worked out once, and not in each place that names them.
    select v.*, v.kind = 'summary'
                or v.state = 'ready'
                and v.value between -9223372036854775808 and 9223372036854775807 as fits
    from (
      select k.pos, s.kind, s.audience, d.body, p.deltas,
             case when s.kind = 'summary' then coalesce(d.state, 'due') else s.state end as state,
             coalesce(d.version, t.version, 0) as version,
             coalesce(t.value + p.delta, t.value, p.delta, 0) as value
      from unnest(names, scopes) with ordinality k (name, scope, pos)
      left join lateral (
        -- By name, one after another: a join reads all there are, and what state each is in.
        select x.* from tally.topic_states x where x.name = k.name offset 0
      ) s on true
      left join lateral (
        -- By itself, so that the index is entered by both: by the counter alone is a scan of it.
        select o.value, o.version from tally.totals o
        where o.counter = s.counter and o.scope = k.scope offset 0
      ) t on true
      left join lateral (
        select x.state, x.body, x.version
        from tally.document_states x
        where s.kind = 'summary' and x.summary = s.counter and x.scope = k.scope offset 0
      ) d on true
      cross join lateral (
        select count(*) as deltas, sum(tally.bounded(u.delta)) as delta
        from (
          select d.delta from tally.deltas d
          where d.counter = s.counter and d.scope = k.scope and d.xid >= v_seen
          union all
          -- One by one: a scan with xid = any (…) as its filter would step over dead rows.
          select d.delta
          from unnest(v_also) a (xid)
          cross join lateral (
            select o.delta from tally.deltas o
            where o.counter = s.counter and o.scope = k.scope and o.xid = a.xid offset 0
          ) d
          where a.xid < v_seen
        ) u
      ) p
      offset 0
    ) v
    offset 0
  ) r;
end
$function$;

comment on function tally.read_topics(text[], text[]) is
  'What a server shows of each name and scope, exact in one snapshot. state: ready, filling, broken, '
  'overflow (the number is beyond bigint), unknown, or due: a document that tally.build_topic must '
  'build first. settled: nothing of it was pending. pulse: the last one in the snapshot, in that '
  'history.';
