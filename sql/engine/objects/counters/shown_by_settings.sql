create or replace function tally.shown_by_settings(tree text, source regclass)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  -- PostgreSQL calls immutable what depends on extra_float_digits (a float or a point as text),
  -- quote_all_identifiers and xmlbinary. A cast to text calls no function that the tree would name;
  -- so where such a type occurs, whatever may make text of a value is taken for doing it. Of a type
  -- of another schema nobody knows what it looks at. A filter or sum of floats stays as it is. The
  -- expression of a virtual column runs where the column is used.
  with recursive looked as (
    select shown_by_settings.tree || coalesce(string_agg(g.adbin::text, ' '), '') as tree,
           coalesce(bool_or(pg_get_expr(g.adbin, g.adrelid) ~ '[\\{]'), false) as is_read
    from pg_attribute a
    join pg_attrdef g on g.adrelid = a.attrelid and g.adnum = a.attnum
    where a.attrelid = shown_by_settings.source and a.attgenerated = 'v'
  ), named as (
    select m[1] as kind, m[2]::oid as oid
    from looked l, regexp_matches(l.tree, ':(\w+) ([1-9][0-9]*)', 'g') m
  ), called as (
    select p.proname, p.provolatile, p.pronamespace
    from pg_proc p
    where p.oid in (select n.oid from named n where n.kind in ('funcid', 'opfuncid')
                    union
                    select o.oprcode from pg_operator o
                    where o.oid in (select n.oid from named n where n.kind = 'opno'))
  ), types as (
    select n.oid from named n
    where n.kind in ('vartype', 'consttype', 'resulttype', 'funcresulttype', 'opresulttype')
    union
    select p.oid
    from types t
    cross join lateral (
      select y.typelem as oid from pg_type y where y.oid = t.oid
      union all
      select y.typbasetype from pg_type y where y.oid = t.oid
      union all
      select r.rngsubtype from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)
      union all
      select a.atttypid from pg_type y join pg_attribute a on a.attrelid = y.typrelid
      where y.oid = t.oid and y.typtype = 'c' and a.attnum > 0 and not a.attisdropped
    ) p
    where p.oid <> 0
  )
  select exists (select from called c where c.proname in ('quote_ident', 'format'))
         or l.tree ~ '{XMLEXPR'
         or l.is_read
         or (l.tree ~ '{(COERCEVIAIO|ARRAYCOERCEEXPR|JSON)'
             or exists (select from called c
                        where c.provolatile <> 'i'
                           or c.pronamespace <> 'pg_catalog'::regnamespace))
            and exists (
              select from types t
              join pg_type y on y.oid = t.oid
              where y.typname in ('float4', 'float8', 'point', 'line', 'lseg', 'box', 'path',
                                  'polygon', 'circle')
                 or y.typtype = 'b' and y.typelem = 0
                    and y.typnamespace <> 'pg_catalog'::regnamespace)
  from looked l
$function$;

comment on function tally.shown_by_settings(text, regclass) is
  'Whether an expression that PostgreSQL calls immutable may still make another text of the same '
  'value in another session.';
