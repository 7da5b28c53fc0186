create or replace function tally.marking_triggers(source regclass)
returns table (relation regclass, name text, ddl text, tgenabled "char")
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What must be there, and whether it is: tgenabled is NULL for a missing trigger. As
  -- tally.expected_triggers has it for counters, whose reasons hold here too.
  select f.relation, e.name,
         format('create or replace trigger %s %s on %s %sexecute function tally.%s()',
                e.name,
                case e.event
                  when 'move' then 'before update of ' || m.columns
                  when 'route' then 'before insert'
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
                case e.event when 'truncate' then 'mark_truncate' when 'move' then 'mark_move'
                  when 'route' then 'mark_route'
                  else format('mark_%s_%s', s.slug, e.event) end),
         case when e.event <> 'move' or m.attnums = string_to_array(t.tgattr::text, ' ')::int2[]
              then t.tgenabled end
  from tally.watched s
  cross join lateral (select r as relation from tally.family(s.source) r) f
  join pg_class c on c.oid = f.relation
  cross join lateral (
    select v.event, '_510_tally_mark_' || v.event as name
    from (values ('insert'), ('update'), ('delete'), ('truncate'), ('move'),
                 ('route')) v (event)
  ) e
  left join lateral (
    select string_agg(quote_ident(k.attname), ', ' order by k.attnum) as columns,
           array_agg(k.attnum order by k.attnum) as attnums
    from tally.move_columns(f.relation) k
  ) m on e.event = 'move'
  left join pg_trigger t on t.tgrelid = f.relation and t.tgname = e.name and not t.tgisinternal
  where s.source = marking_triggers.source
    and c.relkind in ('r', 'p')
    and not (e.event = 'move' and m.columns is null)
    and not (e.event = 'route' and (c.relkind <> 'p' or f.relation <> s.source))
$function$;

comment on function tally.marking_triggers(regclass) is
  'The marking triggers that a watched table and its partitions must have, with their DDL.';
