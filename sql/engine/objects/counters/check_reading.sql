create or replace function tally.check_reading(counter bigint)
returns void
language plpgsql
security definer  -- as the trigger functions and a fill will run it
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A counter that tally_owner cannot evaluate would stop at the first write: say so now.
  perform tally.try_expressions(check_reading.counter);
exception when insufficient_privilege then
  raise exception using errcode = 'TL011',
    message = format('counter "%s": tally_owner may not use what it names: %s',
                     (select d.name from tally.definitions d where d.id = check_reading.counter),
                     sqlerrm),
    hint = 'Whoever owns that runs: grant usage on schema … to tally_owner; for a function also '
           'grant execute on function … to tally_owner;';
end
$function$;

comment on function tally.check_reading(bigint) is
  'Raises TL011 when tally_owner may not evaluate a counter''s expressions.';
