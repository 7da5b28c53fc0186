create or replace function tally.is_sound(counter bigint)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform tally.try_expressions(is_sound.counter);
  return true;
exception when others or assert_failure then
  return false;
end
$function$;

comment on function tally.is_sound(bigint) is
  'Whether everything that a counter''s expressions use is there.';
