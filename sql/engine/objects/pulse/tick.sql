-- Neither a pinned search_path nor security definer: PostgreSQL allows no COMMIT in a procedure
-- that has either. Every name is qualified, and each step runs as the function it calls does.

create or replace procedure tally.tick()
language plpgsql
as $procedure$
declare
  v_work record;
begin
  -- Pulse, work until nothing is due, pulse: each in a transaction of its own.
  loop
    -- Where another session pulses, sweeping is its business.
    exit when not pg_catalog.pg_try_advisory_xact_lock(1952541804, 1);
    perform tally.pulse();
    exit when not tally.is_sweeping();
    commit;
  end loop;
  commit;
  perform tally.cancel_overdue_jobs();
  commit;
  loop
    -- By itself: a piece that takes long would keep what is collected in its transaction.
    perform tally.collect_marks();
    perform tally.expand_due();
    commit;
    select * into v_work from tally.work();
    commit;
    exit when v_work.filled operator(pg_catalog.+) v_work.rebuilt operator(pg_catalog.+)
              v_work.expired operator(pg_catalog.+) v_work.jobs operator(pg_catalog.=) 0;
  end loop;
  perform tally.pulse();
  commit;
end
$procedure$;

comment on procedure tally.tick() is
  'The one call for cron, pg_cron and make: pulse, work, pulse.';
