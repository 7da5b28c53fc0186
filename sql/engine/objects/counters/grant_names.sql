create or replace function tally.grant_names(tree text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
declare
  v_grant text;
begin
  -- The trigger functions run as tally_owner, who must be able to use whatever an expression
  -- names: functions, operators and types of other schemas. With the caller's rights, as far as
  -- they go; tally.check_reading says what is missing after that.
  for v_grant in
    with named as (
      select m[1] as kind, m[2]::oid as oid
      from regexp_matches(tree, ':(\w+) ([1-9][0-9]*)', 'g') m
      where m[1] in ('funcid', 'opfuncid', 'opno', 'consttype', 'vartype', 'resulttype',
                     'funcresulttype', 'opresulttype', 'array_typeid', 'element_typeid')
    ), functions as (
      select p.oid, p.pronamespace from pg_proc p
      where p.oid in (select n.oid from named n where n.kind in ('funcid', 'opfuncid')
                      union
                      select o.oprcode from pg_operator o
                      where o.oid in (select n.oid from named n where n.kind = 'opno'))
    )
    select format('grant usage on schema %s to tally_owner', s.nspname::regnamespace)
    from pg_namespace s
    where s.oid in (
        select f.pronamespace from functions f
        union select o.oprnamespace from pg_operator o
              where o.oid in (select n.oid from named n where n.kind = 'opno')
        union select t.typnamespace from pg_type t
              where t.oid in (select n.oid from named n where n.kind ~ 'type'))
      and not has_schema_privilege('tally_owner', s.oid, 'usage')
    union all
    select format('grant execute on function %s to tally_owner', f.oid::regprocedure)
    from functions f
    where not has_function_privilege('tally_owner', f.oid, 'execute')
  loop
    begin
      execute v_grant;
    exception when insufficient_privilege then
      null;
    end;
  end loop;
end
$function$;

comment on function tally.grant_names(text) is
  'Lets tally_owner use the functions, operators and types that an expression names.';
