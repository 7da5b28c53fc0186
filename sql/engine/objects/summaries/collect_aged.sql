create or replace function tally.collect_aged()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes ten times as long as finding nothing
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
begin
  -- What reached its max_age, and what failed and is to be tried again. A row that is locked is
  -- being built at this moment.
  with ripe as materialized (
    select d.summary, d.scope, d.next_at, d.build_ms, d.due_since
    from tally.documents d
    where d.next_at <= clock_timestamp()
    order by d.next_at
    limit 10000
    for update skip locked
  ), moved as (
    update tally.documents d
    set next_at = null
    from ripe r
    cross join lateral (
      -- Each by itself: a join, planned while there was one row, reads all of them for each.
      select o.ctid as place from tally.documents o
      where o.summary = r.summary and o.scope = r.scope offset 0
    ) k
    where d.ctid = k.place
  )
  insert into tally.due (summary, scope, due_since, due_at, is_slow)
  select r.summary, r.scope, coalesce(r.due_since, r.next_at), r.next_at,
         tally.is_slow(coalesce(r.build_ms, 'infinity'))
  from ripe r;
end
$function$;

comment on function tally.collect_aged() is
  'Part of tally.collect_marks: documents whose time has come without any mark.';
