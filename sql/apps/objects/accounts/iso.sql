create or replace function accounts.iso(p_at timestamptz) returns text
  language sql
  stable parallel safe
  set search_path = pg_catalog, pg_temp
as $function$
  -- As JavaScript writes a date, whatever the session's time zone is.
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$function$;

comment on function accounts.iso(timestamptz) is 'An instant in UTC, as JSON has it.';
