create or replace function tally.expected_triggers(source regclass, kind text)
returns table (relation regclass, name text, ddl text, tgenabled "char")
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What must be there, and whether it is: tgenabled is NULL for a missing trigger, and for one of
  -- that name that never fires, or counts for another table, of which this one was a partition or has become one
  -- since. A partition is its root's: what was declared on it before shows no number any more.
  --
  -- TRUNCATE of a partitioned table fires on its partitions before it, and on itself. Row triggers
  -- are for the root, which PostgreSQL copies to every partition: see tally.count_route and
  -- tally.count_key. That one is by its name the last to see the row, after whatever a trigger of
  -- the application sets.
  select f.relation, e.name,
         format('create or replace trigger %s %s on %s %sexecute function tally.%s()',
                quote_ident(e.name),
                case e.event
                  when 'key' then 'before update'
                  when 'route' then 'before insert'
                  when 'truncate' then
                    case when c.relispartition then 'before' else 'after' end || ' truncate'
                  else 'after ' || e.event end,
                f.relation,
                case e.event
                  when 'insert' then 'referencing new table as tally_new '
                  when 'delete' then 'referencing old table as tally_old '
                  when 'update' then
                    'referencing old table as tally_old new table as tally_new '
                  else '' end
                || case e.event when 'route' then 'for each row when (false) '
                     when 'key' then format('for each row when (pg_catalog.record_image_ne(row(%s), row(%s))) ',
                                            m.olds, m.news)
                     else 'for each statement ' end,
                e.function),
         case when p.proname = e.function
                   -- Made anew by hand, with a condition, for each row or for some columns.
                   and (e.event in ('route', 'key') or t.tgqual is null and t.tgtype & 1 = 0)
                   and (e.event <> 'key' or t.tgtype & 19 = 19
                        and m.columns <@ tally.seen_columns(t.oid))
                   and (e.event not in ('update', 'key') or t.tgattr = '')
              then t.tgenabled end
  from tally.triggered_tables s
  cross join lateral (select r as relation from tally.family(s.source) r) f
  join pg_class c on c.oid = f.relation
  cross join lateral (
    select v.event,
           case v.event when 'key' then '~' else '_' end
             || case s.kind when 'count' then '500_tally_' else '510_tally_mark_' end
             || v.event as name,
           case when v.event in ('insert', 'update', 'delete')
                then format('%s_%s_%s', s.kind, s.slug, v.event)
                else format('%s_%s', s.kind, v.event) end as function
    from (values ('insert'), ('update'), ('delete'), ('truncate'), ('key'),
                 ('route')) v (event)
  ) e
  left join lateral (
    select string_agg(format('old.%I', k.attname), ', ' order by k.attnum) as olds,
           string_agg(format('new.%I', k.attname), ', ' order by k.attnum) as news,
           array_agg(k.attnum order by k.attnum) as columns
    from tally.move_columns(f.relation) k
  ) m on e.event = 'key'
  left join pg_trigger t on t.tgrelid = f.relation and t.tgname = e.name and not t.tgisinternal
  left join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
  where s.source = expected_triggers.source and s.kind = expected_triggers.kind
    and not exists (select from pg_class o where o.oid = s.source and o.relispartition)
    and c.relkind in ('r', 'p')
    and not (e.event in ('route', 'key') and (c.relkind <> 'p' or f.relation <> s.source))
$function$;

comment on function tally.expected_triggers(regclass, text) is
  'The counting or marking triggers that a table and its partitions must have, with the DDL that '
  'makes them.';
