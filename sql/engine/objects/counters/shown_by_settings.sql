create or replace function tally.shown_by_settings(tree text, sql_text text, source regclass)
returns smallint
language sql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- PostgreSQL calls immutable much that depends on settings: a float, a bytea or a point as text,
  -- age() of two timestamptz, JSON_VALUE as a time; and an application calls immutable what it
  -- likes. So this is a list of what certainly does not depend on any; whatever is not in it does.
  -- A cast to text calls no function that the tree would name: where there is one, every type of
  -- the tree must be one whose text is always the same. The expression of a virtual column runs
  -- where the column is used.
  with recursive looked as (
    select shown_by_settings.tree || coalesce(string_agg(g.adbin::text, ' '), '') as tree,
           coalesce(bool_or(pg_get_expr(g.adbin, g.adrelid) ~ '[\\{]'), false) as is_read
    from pg_attribute a
    join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
    where a.attrelid = shown_by_settings.source and a.attgenerated = 'v'
  ), named as (
    select m[1] as kind, m[2]::oid as oid
    from looked l, regexp_matches(l.tree, ':(\w+) ([1-9][0-9]*)', 'g') m
  ), nodes as (
    select distinct m[1] as tag from looked l, regexp_matches(l.tree, '{([A-Z]+)', 'g') m
  ), called as (
    select p.oid, p.proname, p.pronargs, p.proargtypes, p.prorettype, l.lanname,
           p.pronamespace = 'pg_catalog'::regnamespace as is_own,
           p.provolatile = 'i' or p.proname in ('anytextcat', 'textanycat') as is_fixed
    from pg_proc p
    join pg_language l on l.oid = p.prolang
    where p.oid in (select n.oid from named n where n.kind in ('funcid', 'opfuncid')
                    union
                    select o.oprcode from pg_operator o
                    where o.oid in (select n.oid from named n where n.kind = 'opno'))
  ), passed as (
    select c.oid as function, t.type
    from called c
    cross join lateral unnest(array_append(c.proargtypes::oid[], c.prorettype)) t (type)
  ), above as (
    select t.oid as type, t.oid as below
    from (select n.oid from named n
          where n.kind in ('vartype', 'consttype', 'resulttype', 'funcresulttype', 'opresulttype',
                           'coalescetype', 'casetype', 'minmaxtype', 'typeId', 'array_typeid',
                           'element_typeid', 'refcontainertype', 'refrestype')
          union
          select p.type from passed p) t
    union
    select a.type, case when y.typtype = 'd' then y.typbasetype else y.typelem end
    from above a
    join pg_type y on y.oid = a.below
    where y.typtype = 'd' or y.typcategory = 'A' and y.typelem <> 0
  ), types as (
    -- What is below an array or a domain decides: says has one text only, holds is the same value
    -- whoever asks and is only shown in several ways.
    select a.type,
           y.typtype = 'e' or y.typname = 'anyenum' or y.typname in (
             'bool', 'int2', 'int4', 'int8', 'numeric', 'oid', 'text', 'varchar', 'bpchar', 'char',
             'name', 'uuid', 'json', 'jsonb', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit')
             and y.typnamespace = 'pg_catalog'::regnamespace as says,
           y.typname in ('float4', 'float8', 'bytea', 'date', 'time', 'timestamp', 'interval')
             and y.typnamespace = 'pg_catalog'::regnamespace as holds,
           y.typtype = 'p' as is_any
    from above a
    join pg_type y on y.oid = a.below
    where y.typtype <> 'd' and (y.typcategory <> 'A' or y.typelem = 0)
  ), zoned as (
    -- These read the name of a time zone, which may be an abbreviation.
    select c.oid from called c
    where c.is_own
      and (c.proname = 'timezone' and c.proargtypes[0] = 'text'::regtype
           or c.proname in ('date_trunc', 'date_add', 'date_subtract') and c.pronargs = 3
           or c.proname = 'to_timestamp' and c.pronargs = 2)
  ), found as (
    select
      l.is_read
      or exists (select from nodes n where n.tag not in (
           'VAR', 'CONST', 'FUNCEXPR', 'OPEXPR', 'DISTINCTEXPR', 'NULLIFEXPR', 'SCALARARRAYOPEXPR',
           'BOOLEXPR', 'RELABELTYPE', 'COERCEVIAIO', 'ARRAYCOERCEEXPR', 'COLLATE', 'COLLATEEXPR',
           'CASE', 'CASEEXPR', 'WHEN', 'CASEWHEN', 'CASETESTEXPR', 'ARRAY', 'ARRAYEXPR', 'COALESCE',
           'COALESCEEXPR', 'MINMAX', 'MINMAXEXPR', 'NULLTEST', 'BOOLEANTEST', 'SUBSCRIPTINGREF'))
      or exists (select from called c
                 where not c.is_own or not c.is_fixed or c.proname in ('quote_ident', 'format'))
      -- Two times compare alike in every time zone.
      or exists (select from passed p
                 join types t on t.type = p.type
                 join called c on c.oid = p.function
                 where not (t.says or t.holds or t.is_any)
                   and c.proname !~ '^(timestamptz|timetz)_(eq|ne|lt|le|gt|ge)$')
      or exists (select from named n
                 join types t on t.type = n.oid
                 join pg_type y on y.oid = t.type
                 where n.kind = 'consttype' and not t.says
                   and y.typname not in ('float4', 'float8', 'date', 'timestamp', 'timestamptz'))
      or (exists (select from nodes n
                  where n.tag in ('COERCEVIAIO', 'ARRAYCOERCEEXPR', 'MINMAX', 'MINMAXEXPR',
                                  'SUBSCRIPTINGREF'))
          or exists (select from passed p join types t on t.type = p.type where t.is_any))
         and exists (select from named n join types t on t.type = n.oid
                     where n.kind ~ 'type(id|Id)?$' and not (t.says or t.is_any)) as depends,
      exists (select from called c where not c.is_own and c.lanname not in ('internal', 'c'))
      or tally.meets_domain(l.tree)
      or l.tree ~ '{JSONEXPR|type 4072 ' and shown_by_settings.sql_text ~* 'datetime'
      -- UTC and Area/Place are no abbreviations.
      or (select count(*) from named n where n.kind = 'funcid' and n.oid in (select z.oid from zoned z))
         > regexp_count(shown_by_settings.sql_text,
             '(AT TIME ZONE |\mtimezone\()''(UTC|GMT|[A-Za-z_]+/[A-Za-z0-9_/+-]+)''::text')
        as looks_further
    from looked l
  )
  select case when f.looks_further then 2 when f.depends then 1 else 0 end::smallint from found f
$function$;

comment on function tally.shown_by_settings(text, text, regclass) is
  'How much an expression may depend on the settings of a session: 0 not at all; 1 by how values are '
  'shown and read; 2 also by the abbreviations of time zones, and by whatever a function of an '
  'application looks at.';
