create or replace view tally.collect_point as
select c.collection,
       case when c.written_by = c.xmin then c.seen else '0'::pg_catalog.xid8 end as seen,
       c.also,
       -- Running transactions are in order, and the one that collected comes last.
       least(c.also[1], c.also[cardinality(c.also)]) as also_from
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
  -- Said besides, so that a scan begins behind the dead rows, as in tally.pending.
  and m.xid >= (select p.also_from from tally.collect_point p)
  and m.xid < (select p.seen from tally.collect_point p);

comment on column tally.collect_point.also_from is 'The lowest of also.';

comment on view tally.pending_marks is 'Marks not collected yet, in the reader''s snapshot.';
