-- Without a search_path of its own, so that the planner puts its body in the place of a call: lists
-- call it for each row. Its body names the schema of whatever it calls.
create or replace function accounts.iso(p_at timestamptz) returns text
  language sql
  stable parallel safe
as $function$
  -- As JavaScript writes a date, whatever the session's time zone is.
  select pg_catalog.to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$function$;

comment on function accounts.iso(timestamptz) is 'An instant in UTC, as JSON has it.';
