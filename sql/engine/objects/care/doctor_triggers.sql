create or replace function tally.doctor_triggers()
returns table ("check" text, status text, detail text, remedy text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Each table that must carry counting triggers: are they there and enabled, and may their
  -- writers' changes come some way that fires none?
  select format('triggers on %s', t.relation), t.status, t.detail,
         coalesce(t.attach, t.enable) || ' then select * from tally.repair();'
  from tally.trigger_states('count') t
  union all
  select format('trigger functions of %s', s.source), case when t.stand then 'ok' else 'fail' end,
         case when t.stand then 'as generated'
              when u.name is not null then
                format('what counter "%s" uses is gone, so they cannot be compared', u.name)
              else 'missing, edited, or written by another version of pgtally' end,
         case when t.stand then null
              when u.name is not null then format('See counter %s; then look again.', u.name)
              else format('As its owner: select * from tally.attach(%L); then '
                          'select * from tally.repair();', s.source) end
  from tally.sources s
  join pg_class c on c.oid = s.source
  cross join lateral (select tally.functions_stand(s.source, 'count') as stand) t
  left join lateral (
    select d.name from tally.definitions d
    where not t.stand and d.source = s.source and not tally.is_sound(d.id, d.source)
    order by d.name
    limit 1
  ) u on true
  union all
  select format('trigger %s on %s', t.name, t.relation), 'fail',
         case when exists (select from tally.sources s join pg_class c on c.oid = s.source
                           cross join lateral tally.family(s.source) f
                           where f = t.relation and s.source = coalesce(t.source, s.source))
                then 'it was renamed, or is there twice'
              when t.source is null then format('%s is not part of any source', t.relation)
              else format('%s is not part of %s, and is counted as if it were', t.relation, t.source)
         end,
         'As its owner: select * from tally.attach(); then select * from tally.repair();'
  from tally.stray_triggers() t
  where t.kind = 'count'
  union all
  select 'function tally.count_truncate()', 'fail', 'edited: it counts nothing',
         'As tally_owner run sql/engine/objects/counters/count_truncate.sql; then select * from '
         'tally.repair();'
  where not exists (select from pg_proc p
                    where p.pronamespace = 'tally'::regnamespace and p.proname = 'count_truncate'
                      and p.prosecdef and p.prosrc ~ 'insert into tally.deltas')
  union all
  select format('subscription to %s', r.srrelid::regclass), 'warn',
         'logical replication applies rows past statement triggers',
         'Count where the rows are written, or call tally.repair() on a schedule.'
  from pg_subscription_rel r
  where r.srrelid in (select f from tally.sources s join pg_class c on c.oid = s.source,
                      tally.family(s.source) f)
$function$;

comment on function tally.doctor_triggers() is 'Part of tally.doctor: the counting triggers.';
