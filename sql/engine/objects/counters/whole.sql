-- No pinned search_path here: it would keep the planner from inlining them into the counting
-- statements. Every reference is qualified, and nothing is called that a path could replace.

create or replace function tally.whole(amount numeric)
returns numeric
language sql
immutable parallel safe
as $function$
  -- What a cast to bigint gives, but never an error: whatever is far beyond bigint, infinity and
  -- NaN among it, becomes 1e30, which takes the number out of service and leaves it with its row.
  -- Not as it is: sums of the largest numerics would overflow, in a fold too.
  select case
    when amount operator(pg_catalog.>) -1e30 and amount operator(pg_catalog.<) 1e30
      then pg_catalog.round(amount)
    when amount is not null then 1e30
  end
$function$;

comment on function tally.whole(numeric) is
  'A numeric amount as a cast to bigint would round it, without its error beyond the range.';

create or replace function tally.whole(amount double precision)
returns numeric
language sql
immutable parallel safe
as $function$
  -- Through bigint where it fits, because float8 to numeric keeps only 15 digits.
  select case
    when amount operator(pg_catalog.>=) (-9223372036854775808)::double precision
     and amount operator(pg_catalog.<) 9223372036854775808::double precision
      then amount::bigint::numeric
    when amount is not null then 1e30
  end
$function$;

comment on function tally.whole(double precision) is
  'A float amount as a cast to bigint would round it, without its error beyond the range.';

create or replace function tally.whole(amount smallint)
returns numeric
language sql
immutable parallel safe
as $function$
  -- A function and no cast, so that it is chosen by the type that the column has now.
  select amount::numeric
$function$;

comment on function tally.whole(smallint) is
  'A whole amount, as it is summed.';

create or replace function tally.whole(amount integer)
returns numeric
language sql
immutable parallel safe
as $function$
  select amount::numeric
$function$;

comment on function tally.whole(integer) is
  'A whole amount, as it is summed.';

create or replace function tally.whole(amount bigint)
returns numeric
language sql
immutable parallel safe
as $function$
  select amount::numeric
$function$;

comment on function tally.whole(bigint) is
  'A whole amount, as it is summed.';

create or replace function tally.whole(amount jsonb)
returns numeric
language sql
immutable parallel safe
as $function$
  select tally.whole(amount::numeric)
$function$;

comment on function tally.whole(jsonb) is
  'A number in a document, as tally.whole has a numeric.';

create or replace function tally.whole(amount text)
returns numeric
language sql
immutable parallel safe
as $function$
  select amount::bigint::numeric
$function$;

comment on function tally.whole(text) is
  'An amount that is written as text, as a cast to bigint reads it.';
