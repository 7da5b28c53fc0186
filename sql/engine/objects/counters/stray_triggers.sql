create or replace view tally.stray_triggers as
select t.tgrelid::pg_catalog.regclass as relation, t.tgname::text as name, s.source
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::pg_catalog.regnamespace
left join tally.sources s
  on p.proname ~ ('^count_' || s.slug || '_(insert|update|delete)$')
where not t.tgisinternal and t.tgparentid = 0
  and (s.source is not null or p.proname in ('count_truncate', 'never', 'note_move'))
  and not exists (
    select from tally.sources o
    cross join lateral tally.expected_triggers(o.source) e
    where e.relation = t.tgrelid and e.name = t.tgname
      and (o.source = s.source or p.proname in ('count_truncate', 'never', 'note_move')));

comment on view tally.stray_triggers is
  'Counting triggers on tables that are not, or no longer, part of a source: a partition that was '
  'detached keeps its own, and goes on counting.';
