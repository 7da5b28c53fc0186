-- Neither a pinned search_path nor security definer: PostgreSQL allows no COMMIT in a procedure
-- that has either. Every name is qualified, and each step runs as the function it calls does.

create or replace procedure tally.tick(
  time_limit pg_catalog.interval default '1 minute'
)
language plpgsql
as $procedure$
declare
  v_work  pg_catalog.record;
  v_until pg_catalog.timestamptz := pg_catalog.clock_timestamp() operator(pg_catalog.+) time_limit;
begin
  -- Pulse, work until nothing is due, pulse: each in a transaction of its own. A rule whose changes
  -- make other rows due, or a job that takes longer than it rests, would keep it for ever: after
  -- time_limit it begins nothing more. Fills come to an end by themselves, and are waited for.
  loop
    perform tally.pulse();
    -- Where another session pulses, sweeping is its business.
    exit when not tally.is_sweeping() or not tally.take_turn('fold');
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
    if pg_catalog.clock_timestamp() operator(pg_catalog.>=) v_until
       and v_work.filled operator(pg_catalog.=) 0
    then
      raise notice 'tally.tick() has worked for %, and there may be more: call it again', time_limit;
      exit;
    end if;
  end loop;
  perform tally.pulse();
  commit;
end
$procedure$;

comment on procedure tally.tick(pg_catalog.interval) is
  'The one call for cron, pg_cron and make: pulse, work, pulse. What is left after time_limit is for '
  'the next call.';
