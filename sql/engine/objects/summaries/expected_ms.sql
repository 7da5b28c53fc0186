create or replace function tally.expected_ms(summary bigint, scope text)
returns real
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say: a plan of when there were few reads all of them
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
  -- How long a document's builder will take: as long as the last time. For one that was never
  -- built, as long as some others of its summary do; infinity where there is none.
  select coalesce(
    (select d.build_ms from tally.documents d
     where d.summary = expected_ms.summary and d.scope = expected_ms.scope),
    (select percentile_disc(0.5) within group (order by o.build_ms)
     from (select d.build_ms from tally.documents d
           where d.summary = expected_ms.summary and d.build_ms is not null
           limit 10) o),
    'infinity')
$function$;

comment on function tally.expected_ms(bigint, text) is
  'How long the build of a document will take, as far as is known.';

create or replace function tally.is_slow(expected_ms real)
returns boolean
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  select expected_ms > 250
$function$;

comment on function tally.is_slow(real) is
  'Whether a build is to be the only piece of its tally.work, and the only one of its kind.';
