create or replace view tally.stray_marking as
select t.tgrelid::pg_catalog.regclass as relation, t.tgname::text as name, s.source
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::pg_catalog.regnamespace
left join tally.watched s
  on p.proname ~ ('^mark_' || s.slug || '_(insert|update|delete)$')
where not t.tgisinternal and t.tgparentid = 0
  and (s.source is not null or p.proname in ('mark_truncate', 'mark_route', 'mark_move'))
  and not exists (
    select from tally.watched o
    cross join lateral tally.marking_triggers(o.source) e
    where e.relation = t.tgrelid and e.name = t.tgname
      and (o.source = s.source or p.proname in ('mark_truncate', 'mark_route', 'mark_move')));

comment on view tally.stray_marking is
  'Marking triggers on tables that are not, or no longer, part of a watched one: a partition that '
  'was detached keeps its own.';
