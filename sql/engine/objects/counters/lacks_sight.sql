create or replace function tally.lacks_sight(source regclass)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- tally.check_sight as an answer.
  perform tally.check_sight(source);
  return false;
exception when sqlstate 'TL011' then
  return true;
end
$function$;

comment on function tally.lacks_sight(regclass) is
  'Whether tally_owner cannot read every row of a source, as after a restore without privileges.';
