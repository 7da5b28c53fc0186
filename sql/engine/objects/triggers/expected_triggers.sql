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
  -- TRUNCATE of a partitioned table fires on its partitions before it, and on itself; only what
  -- has partitions can have rows moved between them; and the one row trigger is for the root,
  -- which PostgreSQL copies to every partition, see tally.count_route. A move trigger may be for
  -- more columns than move rows: those of a partition that is gone and had partitions of its own.
  -- It is for every column where a trigger of the application may set the key by itself. What ends
  -- it fires after the counting trigger, by its name.
  select f.relation, e.name,
         format('create or replace trigger %s %s on %s %sexecute function tally.%s()',
                e.name,
                case e.event
                  when 'move' then 'before update' || case when m.by_trigger then ''
                                                        else ' of ' || m.columns end
                  when 'updated' then 'after update' || case when m.by_trigger then ''
                                                        else ' of ' || m.columns end
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
                     else 'for each statement ' end,
                e.function),
         case when p.proname = e.function
                   and (e.event not in ('move', 'updated') or t.tgattr::text = ''
                        or (not m.by_trigger
                            and m.attnums <@ string_to_array(t.tgattr::text, ' ')::int2[]))
                   -- Made anew by hand, with a condition, for each row or for some columns.
                   and (e.event = 'route' or t.tgqual is null and t.tgtype & 1 = 0)
                   and (e.event <> 'update' or t.tgattr = '')
              then t.tgenabled end
  from tally.triggered_tables s
  cross join lateral (select r as relation from tally.family(s.source) r) f
  join pg_class c on c.oid = f.relation
  cross join lateral (
    select v.event,
           case s.kind when 'count' then '_500_tally_' else '_510_tally_mark_' end
             || v.event as name,
           case when v.event in ('insert', 'update', 'delete')
                then format('%s_%s_%s', s.kind, s.slug, v.event)
                else format('%s_%s', s.kind, v.event) end as function
    from (values ('insert'), ('update'), ('delete'), ('truncate'), ('move'),
                 ('updated'), ('route')) v (event)
  ) e
  left join lateral (
    select string_agg(quote_ident(k.attname), ', ' order by k.attnum) as columns,
           array_agg(k.attnum order by k.attnum) as attnums,
           tally.may_set_keys(f.relation, array_agg(k.attname)) as by_trigger
    from tally.move_columns(f.relation) k
  ) m on e.event in ('move', 'updated')
  left join pg_trigger t on t.tgrelid = f.relation and t.tgname = e.name and not t.tgisinternal
  left join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
  where s.source = expected_triggers.source and s.kind = expected_triggers.kind
    and not exists (select from pg_class o where o.oid = s.source and o.relispartition)
    and c.relkind in ('r', 'p')
    and not (e.event in ('move', 'updated') and m.columns is null)
    and not (e.event = 'route' and (c.relkind <> 'p' or f.relation <> s.source))
$function$;

comment on function tally.expected_triggers(regclass, text) is
  'The counting or marking triggers that a table and its partitions must have, with the DDL that '
  'makes them.';
