create or replace view tally.collect_point as
select c.collection,
       case when c.written_by = c.xmin then c.seen else '0'::pg_catalog.xid8 end as seen,
       c.also
from tally.collections c
order by c.collection desc
limit 1;

comment on view tally.collect_point is
  'Up to where marks were collected, in the reader''s snapshot: as tally.fold_point for deltas.';

create or replace view tally.pending_marks as
select m.summary, m.scope, m.marked_at
from tally.marks m
where m.xid >= (select p.seen from tally.collect_point p)
union all
select m.summary, m.scope, m.marked_at
from tally.marks m
where m.xid = any ((select p.also from tally.collect_point p)::pg_catalog.xid8[])
  and m.xid < (select p.seen from tally.collect_point p);

comment on view tally.pending_marks is 'Marks not collected yet, in the reader''s snapshot.';
