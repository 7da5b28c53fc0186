create or replace view tally.unfilled as
select d.id as counter, d.name,
       -- Of the future, they were written before the clock was put back.
       least(d.created_at, pg_catalog.now()) as created_at,
       case when d.fill_again_at <= pg_catalog.now() + interval '6 minutes'
            then d.fill_again_at end as fill_again_at,
       d.fill_attempts
from tally.definitions d
where (d.filled_at is null
       or exists (select from tally.fill_requests f where f.counter = d.id))
  and not exists (select from tally.dropped x where x.counter = d.id);

comment on view tally.unfilled is
  'Counters to be filled. Not yet the one whose name another had until its totals are swept away.';
