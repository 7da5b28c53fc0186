create or replace function tally.check_name(name text)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_id bigint := (select d.id from tally.definitions d where d.name = check_name.name);
begin
  if v_id is null then
    raise exception using errcode = 'TL006',
      message = format('there is no counter "%s"', name),
      hint = 'select name from tally.counter_definitions; lists them.';
  end if;
  return v_id;
end
$function$;

comment on function tally.check_name(text) is
  'The id of the counter of that name, or error TL006.';
