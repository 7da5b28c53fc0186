create or replace view tally.fit_sources as
select c.oid as source
from pg_catalog.pg_class c
where not c.relispartition and c.relpersistence = 'p'
  and (c.relkind = 'p'
       or c.relkind = 'r'
          and (not c.relhassubclass or not tally.has_children(c.oid)));

comment on view tally.fit_sources is
  'Tables that statement triggers can count right, as far as one look tells. A source that was '
  'made a partition, a parent by inheritance or unlogged later is not among them any more.';

create or replace view tally.counter_definitions as
select d.name, d.source, d.filter, d.scope, d.amount, d.audience, d.ranked,
       d.created_at, d.created_by,
       case when r.reason is null then d.filled_at end as filled_at,
       case when c.oid is null then 'source gone'
            when not exists (select from tally.fit_sources s where s.source = d.source) then 'broken'
            when d.filled_at is not null and r.reason is null then 'filled'
            when d.fill_error is not null then 'broken'
            else 'filling' end as state,
       case when c.oid is null or d.filled_at is null or r.reason is not null
            then coalesce(d.fill_error, r.reason)
            when not exists (select from tally.fit_sources s where s.source = d.source)
            then 'its source cannot be counted right any more: tally.doctor() says why'
            when b.counter is not null
            then pg_catalog.format('a number beyond bigint, in scope "%s": it is not shown', b.scope)
            end as error
from tally.definitions d
left join pg_catalog.pg_class c on c.oid = d.source
left join lateral (
  select f.reason from tally.fill_requests f
  where f.counter = d.id
  order by f.requested_at
  limit 1
) r on true
-- Worked out once for all, and not at all for whoever does not ask for the error.
left join (
  select distinct on (o.counter) o.counter, o.scope from tally.beyond o order by o.counter, o.scope
) b on b.counter = d.id;

comment on view tally.counter_definitions is
  'One row per counter, as it was declared, by whom and when.';
comment on column tally.counter_definitions.filled_at is
  'Since when it is readable; NULL while the rows that were there before it are being counted.';
comment on column tally.counter_definitions.state is
  'filled; filling: not readable yet; broken: the fill fails, see error; source gone.';
comment on column tally.counter_definitions.error is
  'Why it shows no number; of one that is filled: which number is beyond bigint and not shown.';

create or replace view tally.counters as
select d.name, e.scope, e.value::bigint as value, e.version
from tally.definitions d
join tally.exact e on e.counter = d.id
where d.filled_at is not null
  and not exists (select from tally.fill_requests f where f.counter = d.id)
  and exists (select from tally.fit_sources s where s.source = d.source)
  and e.value between -9223372036854775808 and 9223372036854775807;

comment on view tally.counters is
  'Every counter, exact in the reader''s snapshot, changes not folded yet included.';
comment on column tally.counters.scope is 'Empty for a counter without scope.';
comment on column tally.counters.version is 'The pulse that last changed it; 0 before the first.';
