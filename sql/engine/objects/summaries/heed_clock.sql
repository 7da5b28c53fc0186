create or replace function tally.heed_clock()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- by index, whatever statistics say: nearly always nothing is found
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_now timestamptz := clock_timestamp();
begin
  -- What was built or collected before the clock was put back lies in the future: nothing of it
  -- would be due until the clock is there again. So it is due now. What is locked is being built.
  -- By the index from v_now on; what others have committed since is later than that, and is not meant.
  if exists (select from tally.documents d
             where greatest(d.built_at, d.tried_at) > v_now
               and greatest(d.built_at, d.tried_at) > clock_timestamp()) then
    with early as materialized (
      select d.summary, d.scope, d.build_ms, d.due_since
      from tally.documents d
      where greatest(d.built_at, d.tried_at) > v_now
        and greatest(d.built_at, d.tried_at) > clock_timestamp()
      limit 10000
      for update skip locked
    ), moved as (
      update tally.documents d
      set tried_at = v_now, next_at = null,
          -- One that was never built stays so.
          built_at = case when d.built_at is not null then
            least(d.built_at,
                  v_now - coalesce((select s.max_age from tally.summary_definitions s
                                    where s.id = d.summary), interval '0')) end
      from early e
      cross join lateral (
        -- Each by itself, as in tally.collect_aged.
        select o.ctid as place from tally.documents o
        where o.summary = e.summary and o.scope = e.scope offset 0
      ) k
      where d.ctid = k.place
    )
    insert into tally.due (summary, scope, due_since, due_at, is_slow)
    select e.summary, e.scope, least(e.due_since, v_now), v_now,
           tally.is_slow(coalesce(e.build_ms, 'infinity'))
    from early e;
  end if;
  if exists (select from tally.due d
             where d.due_since > v_now and d.due_since > clock_timestamp()) then
    update tally.due d
    set due_since = v_now, due_at = v_now,
        -- Every document of a summary: those too that were built since, whenever that was.
        is_slow = d.is_slow and d.scope is not null
    where d.ctid in (select o.ctid from tally.due o
                     where o.due_since > v_now and o.due_since > clock_timestamp()
                     for update skip locked);
  end if;
end
$function$;

comment on function tally.heed_clock() is
  'Part of tally.collect_marks: what lies in the future, because the clock was put back, is due.';
