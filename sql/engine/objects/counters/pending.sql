create or replace view tally.fold_point as
select p.pulse, p.at,
       case when p.written_by = p.xmin then p.seen else '0'::pg_catalog.xid8 end as seen,
       p.also
from tally.pulses p
where p.pulse = (select q.pulse from tally.pulses q order by q.pulse desc limit 1);

comment on view tally.fold_point is
  'Up to where the last fold in the reader''s snapshot came. A row that came by a restore was not '
  'written by the transaction it names: then nothing is taken as folded.';

create or replace view tally.pending as
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where d.xid >= (select f.seen from tally.fold_point f)
union all
select d.counter, d.scope, d.delta, d.xid
from tally.deltas d
where d.xid = any ((select f.also from tally.fold_point f)::pg_catalog.xid8[])
  and d.xid < (select f.seen from tally.fold_point f);

comment on view tally.pending is
  'The deltas not folded yet, in the reader''s snapshot. The fold deletes what it saw, so nothing '
  'older can be there: a look from the fold point on never steps over dead rows.';
