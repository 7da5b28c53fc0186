create or replace function tally.expected_triggers(source regclass)
returns table (relation regclass, name text, ddl text, tgenabled "char")
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What must be there, and whether it is: tgenabled is NULL for a missing trigger. TRUNCATE of
  -- a partitioned table fires on its partitions, so only these have that trigger.
  select f.relation, e.name,
         format('create trigger %s %s %s on %s %sfor each statement execute function tally.%s()',
                e.name,
                case when e.event = 'truncate' and c.relispartition then 'before' else 'after' end,
                e.event, f.relation,
                case e.event
                  when 'insert' then 'referencing new table as tally_new '
                  when 'delete' then 'referencing old table as tally_old '
                  when 'update' then
                    'referencing old table as tally_old new table as tally_new '
                  else '' end,
                case e.event when 'truncate' then 'count_truncate'
                  else format('count_%s_%s', s.slug, e.event) end),
         t.tgenabled
  from tally.sources s
  cross join lateral (select r as relation from tally.family(s.source) r) f
  join pg_class c on c.oid = f.relation
  cross join lateral (
    select v.event, '_500_tally_' || v.event as name
    from (values ('insert'), ('update'), ('delete'), ('truncate')) v (event)
  ) e
  left join pg_trigger t on t.tgrelid = f.relation and t.tgname = e.name and not t.tgisinternal
  where s.source = expected_triggers.source
    and c.relkind in ('r', 'p')
    and not (e.event = 'truncate' and c.relkind = 'p')
$function$;

comment on function tally.expected_triggers(regclass) is
  'The counting triggers a source and its partitions must have, with the DDL that makes them.';
