-- How long do pulses take, and how much do they fold? When events come late, or pending piles up.
--
-- Reads: tally.pulses, which keeps the last tally.settings.keep_pulses of them. Writes nothing.
-- Then:  a fold takes some microseconds per delta. Few deltas and long times: the disk, or dead
--        rows that cannot be removed (who-blocks.sql, sizes.sql). Many deltas at a time: pulses
--        come too seldom for what is written; keep `pgtally pulse` running.

select count(*) as pulses, min(p.at) as from_time, max(p.at) as to_time,
       sum(p.folded) as deltas,
       round(percentile_cont(0.5) within group (order by p.took_ms)::numeric, 2) as ms_p50,
       round(percentile_cont(0.95) within group (order by p.took_ms)::numeric, 2) as ms_p95,
       round(max(p.took_ms)::numeric, 2) as ms_max,
       round((1000 * sum(p.took_ms) / nullif(sum(p.folded), 0))::numeric, 2) as us_per_delta
from tally.pulses p
where p.folded > 0;

select p.pulse, p.at, p.folded, p.announced, round(p.took_ms::numeric, 2) as took_ms,
       p.at - lag(p.at) over (order by p.pulse) as since_last
from tally.pulses p
order by p.took_ms desc, p.pulse desc
limit 20;
