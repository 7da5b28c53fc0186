create or replace view tally.exact as
select d.id as counter, k.scope, k.value, k.version
from tally.definitions d
cross join lateral (
  select u.scope, sum(tally.bounded(u.value)) as value, max(u.version) as version
  from (
    select t.scope, t.value, t.version
    from tally.totals t
    where t.counter = d.id
    union all
    select p.scope, p.delta, 0
    from tally.pending_by_key p
    where p.counter = d.id
  ) u
  group by u.scope
) k;

comment on view tally.exact is
  'Totals and pending deltas together, as numeric and whether or not the counter is filled: '
  'for verify, repair and fill. Everybody else reads tally.counters.';
