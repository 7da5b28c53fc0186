create or replace function facilities.check_zone() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- By its place: an abbreviation is one offset all year, and EST5 has a sign that nobody expects.
  if new.time_zone !~ '^(UTC|Etc/GMT[+-][0-9]{1,2}|[A-Z][A-Za-z_]*(/[A-Za-z][A-Za-z_-]*)+)$' then
    raise exception using errcode = 'invalid_parameter_value';
  end if;
  perform clock_timestamp() at time zone new.time_zone;
  return new;
exception when invalid_parameter_value then
  raise exception using errcode = 'TA400', column = 'time_zone',
    message = format('There is no time zone %L.', new.time_zone),
    detail = 'is not a time zone such as Europe/Berlin, America/Sao_Paulo or UTC',
    hint = 'select name from pg_timezone_names;';
end
$function$;

comment on function facilities.check_zone() is 'TA400 unless that is a time zone, by its place.';

create or replace trigger _100_check_zone
  before insert or update of time_zone on facilities.facilities
  for each row execute function facilities.check_zone();
comment on trigger _100_check_zone on facilities.facilities is
  'TA400 unless that is a time zone, by its place.';
