-- Kinds of things in schema tally that schema.sql above does not write out: it must be taught them
-- before they are used, or the dump would be silent about them.

select pg_catalog.format('%s %s', d.type, d.identity) as thing
from (
  select c.oid as objid, 'pg_catalog.pg_class'::pg_catalog.regclass as classid
  from pg_catalog.pg_class c
  where c.relnamespace = 'tally'::pg_catalog.regnamespace and c.relkind not in ('r', 'v', 'i')
  union all
  select p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass
  from pg_catalog.pg_proc p
  where p.pronamespace = 'tally'::pg_catalog.regnamespace and p.prokind not in ('f', 'p')
  union all
  select t.oid, 'pg_catalog.pg_type'::pg_catalog.regclass
  from pg_catalog.pg_type t
  where t.typnamespace = 'tally'::pg_catalog.regnamespace and t.typtype not in ('c', 'b')
  union all
  select x.oid, 'pg_catalog.pg_type'::pg_catalog.regclass
  from pg_catalog.pg_type x
  join pg_catalog.pg_class c on c.oid = x.typrelid
  where x.typnamespace = 'tally'::pg_catalog.regnamespace and c.relkind = 'c'
  union all
  select o.oid, 'pg_catalog.pg_operator'::pg_catalog.regclass
  from pg_catalog.pg_operator o
  where o.oprnamespace = 'tally'::pg_catalog.regnamespace
  union all
  select l.oid, 'pg_catalog.pg_policy'::pg_catalog.regclass
  from pg_catalog.pg_policy l
  join pg_catalog.pg_class c on c.oid = l.polrelid
  where c.relnamespace = 'tally'::pg_catalog.regnamespace
  union all
  select w.oid, 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  from pg_catalog.pg_rewrite w
  join pg_catalog.pg_class c on c.oid = w.ev_class
  where c.relnamespace = 'tally'::pg_catalog.regnamespace and w.rulename <> '_RETURN'
) o
cross join lateral pg_catalog.pg_identify_object(o.classid, o.objid, 0) d
order by 1;
