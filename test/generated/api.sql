-- Everything in schema tally with its comment, and the file that makes it: a row each.

select o.* from (
select 'function' as kind, p.proname::text as name,
       p.oid::pg_catalog.regprocedure::text as identity,
       p.prokind::text as prokind,
       (select d.path from tally_migrations.definitions d
        where d.kind = case p.prokind when 'p' then 'procedure' else 'function' end
          and d.identity = pg_catalog.format('tally.%I(%s)', p.proname,
                             pg_catalog.pg_get_function_identity_arguments(p.oid))) as path,
       pg_catalog.obj_description(p.oid, 'pg_proc') as comment,
       pg_catalog.pg_get_function_result(p.oid) as returns,
       p.prosecdef as definer,
       (select pg_catalog.string_agg(distinct x.grantee::pg_catalog.regrole::text, ', ')
        from pg_catalog.aclexplode(p.proacl) x
        where x.grantee not in (0, p.proowner)) as roles,
       coalesce((
         select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                  'name', a.name, 'type', pg_catalog.format_type(a.type, null),
                  'mode', coalesce(a.mode, 'i'),
                  'default', pg_catalog.pg_get_function_arg_default(p.oid, a.n::integer))
                order by a.n)
         from rows from (
           pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::pg_catalog.oid[])),
           pg_catalog.unnest(p.proargnames),
           pg_catalog.unnest(p.proargmodes)) with ordinality a (type, name, mode, n)
         where a.type is not null), '[]') as parts
from pg_catalog.pg_proc p
where p.pronamespace = 'tally'::pg_catalog.regnamespace
union all
select case c.relkind when 'v' then 'view' else 'table' end, c.relname, 'tally.' || c.relname, '',
       (select d.path from tally_migrations.definitions d
        where d.kind = 'view' and d.identity = pg_catalog.format('tally.%I', c.relname)),
       pg_catalog.obj_description(c.oid, 'pg_class'), null, false,
       (select pg_catalog.string_agg(distinct x.grantee::pg_catalog.regrole::text, ', ')
        from pg_catalog.aclexplode(c.relacl) x
        where x.grantee not in (0, c.relowner)),
       (select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                 'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                 'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
                 'comment', pg_catalog.col_description(c.oid, a.attnum)) order by a.attnum)
        from pg_catalog.pg_attribute a
        left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
from pg_catalog.pg_class c
where c.relnamespace = 'tally'::pg_catalog.regnamespace and c.relkind in ('r', 'v')
) o
order by o.identity collate "C";
