-- Which documents of summaries fail, which are due and for how long, and which take long to build?
--
-- Reads: tally.documents, tally.due and tally.build_history. Writes nothing.
-- Then:  mend the builder that fails, and select tally.refresh('name'); or wait. Due for long:
--        nobody works, see pending.sql. A slow one delays no other, but is late itself: what it
--        reads may lack an index.

-- Those that fail, most often first.
select s.name, d.scope, d.attempts, d.next_at as tried_again_at, d.built_at as last_good, d.error
from tally.documents d
join tally.summary_definitions s on s.id = d.summary
where d.error is not null
order by d.attempts desc, s.name, d.scope
limit 50;

-- What is due, the longest first; without a scope: every document of the summary.
select s.name, u.scope, u.due_since, u.due_at, u.is_slow
from tally.due u
join tally.summary_definitions s on s.id = u.summary
order by u.due_at
limit 50;

-- The slowest, of the last builds that took 10 ms or more.
select h.name, h.scope, count(*) as builds,
       round(avg(h.build_ms)::numeric, 1) as avg_ms, round(max(h.build_ms)::numeric, 1) as max_ms
from tally.build_history h
group by h.name, h.scope
order by max(h.build_ms) desc
limit 20;
