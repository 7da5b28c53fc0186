create or replace function tally.base_type(type oid)
returns regtype
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- A domain may be over a domain.
  with recursive below as (
    select y.oid, y.typbasetype from pg_type y where y.oid = base_type.type
    union all
    select y.oid, y.typbasetype from below b join pg_type y on y.oid = b.typbasetype
  )
  select b.oid::regtype from below b where b.typbasetype = 0
$function$;

comment on function tally.base_type(oid) is
  'What a domain is over in the end; any other type as it is.';
