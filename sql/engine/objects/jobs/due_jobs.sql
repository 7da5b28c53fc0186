create or replace view tally.due_jobs as
select j.name,
       -- One that last ran in the future ran before the clock was put back: it is due now.
       case when j.last_at > pg_catalog.clock_timestamp() + interval '1 minute'
              then pg_catalog.clock_timestamp()
            else j.next_at end as due_at
from tally.jobs j
where j.enabled;

comment on view tally.due_jobs is 'When each job is due that is enabled, whatever the clock did.';
