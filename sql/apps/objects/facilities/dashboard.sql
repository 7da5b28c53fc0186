create or replace function facilities.dashboard(
  p_me uuid, p_roles text[], p_facility uuid, p_date date
) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
as $function$
declare
  v_day facilities.dashboard_daily_summary;
begin
  -- As dashboard_daily_summary has it; the two halves of that view one after the other, because a
  -- day that has closed is one row of one index. The server has no right on either.
  perform facilities.admit(p_me, p_roles, p_facility);
  if p_date is not null then
    select d.facility_id, d.date, d.total_stock, d.total_transferred, d.total_requests, d.updated_at
    into v_day
    from facilities.days as d
    where d.facility_id = p_facility and d.date = p_date and d.closed;
  end if;
  if v_day.facility_id is null then
    select p_facility, o.* into v_day
    from facilities.open_days(p_facility, p_date) as o
    order by o.date desc
    limit 1;
    if not found then
      raise exception using errcode = 'TA404',
        message = format('This facility has no %s: it begins later, or is not there yet.', p_date);
    end if;
  end if;
  return facilities.as_json(v_day);
end
$function$;

comment on function facilities.dashboard(uuid, text[], uuid, date) is
  'A facility''s day; today there, where none is named. GET /api/facilities/{id}/dashboard.';
