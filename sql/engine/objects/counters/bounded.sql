-- No pinned search_path here: it would keep the planner from inlining it into folds and reads. Every
-- reference is qualified, and nothing is called that a path could replace.

create or replace function tally.bounded(delta numeric)
returns numeric
language sql
immutable parallel safe
as $function$
  -- Counting statements write nothing of the kind; but one row of NaN or of the largest numerics,
  -- however it came, would stop the sums of all counters. In each sum it is 1e60 instead: its own
  -- number is out of service, tally.repair measures against that and puts it right. Never
  -- -1e60: two of them may not cancel each other out. The bound is far above, so that a
  -- repair's delta is taken as it is.
  select case
    when delta operator(pg_catalog.>) -1e90 and delta operator(pg_catalog.<) 1e90 then delta
    when delta is not null then 1e60
  end
$function$;

comment on function tally.bounded(numeric) is
  'A delta as it is summed: one that no sum could bear, NaN among them, is 1e60.';
