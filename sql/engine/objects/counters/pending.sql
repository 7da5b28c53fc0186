create or replace view tally.fold_point as
select p.pulse, p.at,
       case when p.written_by = p.xmin then p.seen else '0'::pg_catalog.xid8 end as seen,
       p.also,
       -- Running transactions are in order, and the fold's own comes last.
       least(p.also[1], p.also[cardinality(p.also)]) as also_from
from tally.pulses p
order by p.pulse desc
limit 1;

comment on view tally.fold_point is
  'Up to where the last fold in the reader''s snapshot came. A row that came by a restore was not '
  'written by the transaction it names: then nothing is taken as folded.';
comment on column tally.fold_point.also_from is 'The lowest of also.';

-- The planner may take = any for a filter, and would begin at the first dead row then: so also_from
-- is said besides.

create or replace view tally.pending as
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where (d.delta is not null) is true
  and d.xid >= (select f.seen from tally.fold_point f)
union all
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where (d.delta is not null) is true
  and d.xid = any ((select f.also from tally.fold_point f)::pg_catalog.xid8[])
  and d.xid >= (select f.also_from from tally.fold_point f)
  and d.xid < (select f.seen from tally.fold_point f);

comment on view tally.pending is
  'The deltas not folded yet, in the reader''s snapshot. The fold deletes what it saw, so nothing '
  'older can be there: a look from the fold point on never steps over dead rows.';

create or replace view tally.pending_by_key as
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where d.xid >= (select f.seen from tally.fold_point f)
union all
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where d.xid = any ((select f.also from tally.fold_point f)::pg_catalog.xid8[])
  and d.xid >= (select f.also_from from tally.fold_point f)
  and d.xid < (select f.seen from tally.fold_point f);

comment on view tally.pending_by_key is
  'The same, by the index on counter and scope, which a reader must name.';
