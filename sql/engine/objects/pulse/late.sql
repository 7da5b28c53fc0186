create or replace view tally.late as
select d.id
from tally.definitions d
where d.announce_from is not null
  and d.filled_at is not null
  and not exists (select from tally.fill_requests f where f.counter = d.id);

comment on view tally.late is
  'Counters that are readable again and whose changes in between were not announced yet.';
