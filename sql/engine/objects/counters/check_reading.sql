create or replace function tally.check_reading(counter bigint)
returns void
language plpgsql
security definer  -- as the trigger functions and a fill will run it
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'  -- the source is locked meanwhile
as $function$
declare
  v_name text := (select d.name from tally.definitions d where d.id = check_reading.counter);
begin
  -- A counter that tally_owner cannot evaluate would stop at the first write: say so now. On one row,
  -- and not on more: writers wait, and nobody knows how long a function takes.
  perform tally.try_expressions(check_reading.counter, true);
exception when insufficient_privilege then
  raise exception using errcode = 'TL011',
    message = format('counter "%s": tally_owner may not use what it names: %s',
                     v_name, sqlerrm),
    hint = 'Whoever owns that runs: grant usage on schema … to tally_owner; for a function also '
           'grant execute on function … to tally_owner;';
when syntax_error_or_access_rule_violation or invalid_schema_name then
  raise exception using errcode = 'TL004',
    message = format('counter "%s" cannot be evaluated as its trigger functions run it: %s',
                     v_name, sqlerrm),
    hint = 'There the search_path is pinned to pg_catalog, pg_temp. In the body of each function that '
           'the expressions call name every schema; or alter function … set search_path = …;';
end
$function$;

comment on function tally.check_reading(bigint) is
  'Raises TL011 when tally_owner may not evaluate a counter''s expressions, and TL004 when they '
  'cannot be evaluated with the search_path of a trigger function.';
