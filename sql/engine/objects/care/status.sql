create or replace view tally.status as
select f.pulse,
       f.at as pulsed_at,
       l.folded as last_folded,
       l.took_ms as last_fold_ms,
       p.pending,
       p.oldest_pending_xid,
       case when p.pending > 0 then pg_catalog.clock_timestamp() - f.at end as pending_since_at_most,
       (select a.attended from tally.attendance a) as attended,
       c.filled, c.filling, c.broken
from tally.fold_point f
join tally.pulses l on l.pulse = f.pulse
cross join (select count(*) as pending, min(d.xid) as oldest_pending_xid from tally.pending d) p
cross join (
  select count(*) filter (where d.state = 'filled') as filled,
         count(*) filter (where d.state = 'filling') as filling,
         count(*) filter (where d.state in ('broken', 'source gone')) as broken
  from tally.counter_definitions d) c;

comment on view tally.status is 'A quick look: one row.';
comment on column tally.status.pulse is 'The last pulse''s number.';
comment on column tally.status.pulsed_at is 'When it was; long ago is well where nothing changes.';
comment on column tally.status.pending is 'Deltas not folded yet, as this snapshot sees them.';
comment on column tally.status.pending_since_at_most is
  'How long the oldest of them can have been waiting.';
comment on column tally.status.attended is 'Whether a session is there that pulses.';
comment on column tally.status.filling is 'Counters that show no number until they are filled.';
comment on column tally.status.broken is 'Counters whose fill fails, or whose source is gone.';
