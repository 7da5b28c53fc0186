create or replace function facilities.history(
  p_me uuid, p_roles text[], p_facility uuid, p_from date, p_to date
) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
as $function$
declare
  v_to   date := p_to;
  v_from date;
begin
  -- A year at most, leap years included: a month, where nothing is said. The server has no right on
  -- the view.
  perform facilities.admit(p_me, p_roles, p_facility);
  if v_to is null then
    select greatest((clock_timestamp() at time zone d.time_zone)::date, d.date) into v_to
    from facilities.days as d
    where d.facility_id = p_facility and not d.closed;
  end if;
  v_from := coalesce(p_from, v_to - 29);
  if v_from > v_to then
    raise exception using errcode = 'TA400', column = 'from',
      message = 'is after to', detail = format('%s is after %s', v_from, v_to);
  end if;
  if v_to - v_from >= 366 then
    raise exception using errcode = 'TA400', column = 'from',
      message = 'is too far away',
      detail = format('is %s days before to: at most 365', v_to - v_from);
  end if;
  return json_build_object(
    'facilityId', p_facility, 'from', v_from, 'to', v_to,
    'days', (
      select coalesce(json_agg(facilities.as_json(s) order by s.date), '[]')
      from facilities.dashboard_daily_summary as s
      where s.facility_id = p_facility and s.date between v_from and v_to
    )
  );
end
$function$;

comment on function facilities.history(uuid, text[], uuid, date, date) is
  'A facility''s days, at most 366, first to last. GET /api/facilities/{id}/history.';
