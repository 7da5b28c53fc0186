create or replace view tally.late as
select d.id
from tally.definitions d
where d.announce_from is not null
  and d.filled_at is not null
  and not exists (select from tally.fill_requests f where f.counter = d.id);

comment on view tally.late is
  'Counters that are readable again and whose changes in between were not announced yet.';

create or replace function tally.renew_late(pulse bigint)
returns bigint[]
language sql
set search_path = pg_catalog, pg_temp
as $function$
  -- What changed while a counter was not readable counts as changed by the pulse that announces
  -- it: whoever asks later for what changed since an earlier one must get it. And should the
  -- counter stop again before the announcement, the next one begins before this pulse.
  with late as (
    update tally.definitions d
    set announce_from = null
    from (select l.id, l.announce_from from tally.definitions l
          where l.id in (select a.id from tally.late a)
          for update skip locked) o
    where o.id = d.id
    returning d.id, o.announce_from
  ), renewed as (
    update tally.totals t
    set version = renew_late.pulse
    from late l
    where t.counter = l.id and t.version > l.announce_from
  )
  select array(select l.id from late l)
$function$;

comment on function tally.renew_late(bigint) is
  'Part of the pulse: gives what changed unread its number; the counters that it was for.';

create or replace function tally.late_changes(counters bigint[], pulse bigint)
returns text[]
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select array_agg(tally.change(d.name, t.scope, t.value) order by d.name, t.scope)
  from tally.definitions d
  join tally.totals t on t.counter = d.id and t.version = late_changes.pulse
  where d.id = any (counters)
    and d.filled_at is not null
    and not exists (select from tally.fill_requests f where f.counter = d.id)
$function$;

comment on function tally.late_changes(bigint[], bigint) is
  'Part of the pulse: what it changed of counters that became readable, as tally.change has it.';
