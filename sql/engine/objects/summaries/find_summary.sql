create or replace function tally.find_summary(name text)
returns tally.summary_definitions
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning takes four times as long as finding
as $function$
declare
  v_definition tally.summary_definitions;
begin
  select s.* into v_definition from tally.summary_definitions s where s.name = find_summary.name;
  if not found then
    raise exception using errcode = 'TL018',
      message = format('there is no summary %s', coalesce('"' || name || '"', 'null')),
      hint = 'select name from tally.summary_definitions; lists them.';
  end if;
  return v_definition;
end
$function$;

comment on function tally.find_summary(text) is 'The summary of that name, or error TL018.';
