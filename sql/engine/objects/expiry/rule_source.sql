create or replace function tally.rule_source(source regclass)
returns regclass
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A rule holds its table by oid. Of one that is gone there is nothing left but the number, which
  -- would be a syntax error in a query.
  if not exists (select from pg_class c where c.oid = rule_source.source) then
    raise exception using errcode = 'undefined_table',
      message = format('its table is gone (oid %s)', source::oid);
  end if;
  return source;
end
$function$;

comment on function tally.rule_source(regclass) is
  'The table of a rule, or an error where it is gone.';
