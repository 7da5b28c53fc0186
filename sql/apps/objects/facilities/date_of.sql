create or replace function facilities.date_of(p_facility uuid, p_at timestamptz) returns date
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_day facilities.days;
begin
  -- The facility's date then, for a row that counts on it. Who has asked holds the open day until
  -- he commits, together with others: it does not close before, so a closed day lacks nothing and
  -- gets nothing more. What belongs to a closed day counts on the open one.
  for v_try in 1..100 loop
    select d.* into v_day from facilities.days as d
    where d.facility_id = p_facility and not d.closed
    for share;
    if found then
      return greatest(
        v_day.date, (least(p_at, clock_timestamp()) at time zone v_day.time_zone)::date
      );
    end if;
    -- It closed while we waited for it. Look again: then the next one is open.
    exit when not exists (select from facilities.facilities as f where f.id = p_facility);
  end loop;
  raise exception using errcode = 'TA404', message = 'There is no such facility.';
end
$function$;

comment on function facilities.date_of(uuid, timestamptz) is
  'On which of a facility''s days something counts. Keeps that day open until the end of the '
  'transaction.';
