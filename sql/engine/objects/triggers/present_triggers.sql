create or replace view tally.present_triggers as
select t.tgrelid::pg_catalog.regclass as relation, t.tgname::text as name, f.kind, f.slug, s.source
from pg_catalog.pg_trigger t
join (
  select p.oid, pg_catalog.split_part(p.proname, '_', 1) as kind,
         substring(p.proname from '^[a-z]+_(.*)_(?:insert|update|delete)$') as slug
  from pg_catalog.pg_proc p
  where p.pronamespace = 'tally'::pg_catalog.regnamespace and p.proname ~ '^(?:count|mark)_'
) f on f.oid = t.tgfoid
left join tally.triggered_tables s on s.kind = f.kind and s.slug = f.slug
where not t.tgisinternal and t.tgparentid = 0;

comment on view tally.present_triggers is
  'The counting and marking triggers that there are, wherever they stand.';
comment on column tally.present_triggers.slug is
  'NULL for those that all tables share, such as tally.count_key.';
comment on column tally.present_triggers.source is 'The table that it counts or marks for, if it tells.';
