create or replace function tally.partition_hindrance(partition regclass, owner oid)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- DROP TABLE, as the rule has it, fails where something depends on the partition that would not
  -- go with it: a view, say. What goes is what depends on it automatically, and on what goes.
  with recursive going (classid, objid) as (
    select 'pg_class'::regclass::oid, partition::oid
    union
    select d.classid, d.objid
    from going g
    join pg_depend d on d.refclassid = g.classid and d.refobjid = g.objid
                    and d.deptype in ('a', 'i', 'P', 'S') and d.objsubid = 0
  )
  select string_agg(o.what, ', ' order by o.what)
  from (
    select distinct coalesce(
             (select format('%s %s depends on it',
                            case c.relkind when 'm' then 'materialized view' else 'view' end,
                            w.ev_class::regclass)
              from pg_rewrite w join pg_class c on c.oid = w.ev_class
              where d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
                and c.relkind in ('v', 'm')),
             pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on it') as what
    from going g
    join pg_depend d on d.refclassid = g.classid and d.refobjid = g.objid and d.deptype = 'n'
    where not exists (select from going o where o.classid = d.classid and o.objid = d.objid)
    union all
    select format('it belongs to %I', pg_get_userbyid(c.relowner))
    from pg_class c
    where c.oid = partition and not pg_has_role(owner, c.relowner, 'usage')
  ) o
$function$;

comment on function tally.partition_hindrance(regclass, oid) is
  'Why the owner of its table could not drop a partition; NULL where nothing is against it.';
