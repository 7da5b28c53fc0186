create or replace function tally.sweep()
returns tid[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Totals of dropped counters, some thousands with each pulse. Here and not in drop_counter: a
  -- migration that stays open would hold these rows against every pulse. While tally.dropped
  -- names a counter the fold discards its deltas, and nothing fills it.
  if not exists (select from tally.dropped) then
    return array[]::tid[];
  end if;
  delete from tally.totals t
  where (t.counter, t.scope) in (
    select s.counter, s.scope
    from tally.totals s
    join (select distinct x.counter from tally.dropped x) x on x.counter = s.counter
    limit 5000);
  return array(select x.ctid from tally.dropped x);
end
$function$;

comment on function tally.sweep() is
  'Part of the pulse: removes totals that dropped counters left behind; which drops it saw.';

create or replace function tally.end_sweep(seen tid[])
returns void
language sql
set search_path = pg_catalog, pg_temp
as $function$
  -- Called after the fold: deltas that a counter left, whose drop was seen before it, are gone by
  -- now too. A drop that was committed meanwhile may have left some that the fold did not see.
  delete from tally.dropped x
  where x.ctid = any (end_sweep.seen)
    and not exists (select from tally.totals t where t.counter = x.counter)
$function$;

comment on function tally.end_sweep(tid[]) is
  'Part of the pulse: forgets the dropped counters of which nothing is left.';

create or replace function tally.is_sweeping()
returns boolean
language sql
stable
security definer  -- whoever may tick may know, and may not read tally.dropped
set search_path = pg_catalog, pg_temp
as $function$
  select exists (select from tally.dropped)
$function$;

comment on function tally.is_sweeping() is
  'Whether a dropped counter''s totals are still being swept away: pulse again.';
