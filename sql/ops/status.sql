-- Is all well? The first script to run: the quick look, whatever tally.doctor complains about, and
-- the counters that show no number.
--
-- Reads: tally.status, tally.doctor(), tally.counter_definitions. Writes nothing.
-- Then:  each complaint brings its remedy. pending grows and attended is f: nobody folds, start
--        `pgtally pulse` or have cron call tally.tick(); numbers stay exact meanwhile. No row in
--        the second answer: all checks are ok. No row in the third: all counters are readable.

select s.pulse, s.pulsed_at, s.attended, s.pending, s.pending_since_at_most,
       s.last_folded, s.last_fold_ms, s.filled, s.filling, s.broken
from tally.status s;

select d.status, d."check", d.detail, d.remedy
from tally.doctor() d
where d.status <> 'ok'
order by case d.status when 'fail' then 1 else 2 end, d."check";

select c.name, c.state, c.source, c.error
from tally.counter_definitions c
where c.state <> 'filled'
order by c.name;
