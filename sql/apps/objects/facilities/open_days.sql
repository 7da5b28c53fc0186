create or replace function facilities.open_days(p_facility uuid, p_only date default null)
  returns table (
    date date, total_stock bigint, total_transferred bigint, total_requests bigint,
    updated_at timestamptz
  )
  language plpgsql
  stable  -- so that the counters, and what has happened since, are of one snapshot: the reader's
  security definer  -- who may read the view need not have a right on the counters
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
as $function$
declare
  v_now     timestamptz := clock_timestamp();
  v_day     facilities.days;
  v_dates   date[] := '{}';
  v_scopes  text[] := '{}';
  v_days    integer;
  v_values  bigint[];
  v_moved   bigint[] := '{}';  -- from the second day on
  v_after   bigint := 0;
  v_begun   timestamptz;
  v_until   timestamptz;
  v_due     bigint;
  v_due_at  timestamptz;
begin
  -- The figures of each day that has not closed: today's, and where nobody has closed the days
  -- before, those too. Today first. What a day ended with is what there is now, less what has
  -- happened since; so it is the same whenever one asks, and whenever it closes.
  select d.* into v_day from facilities.days as d
  where d.facility_id = p_facility and not d.closed;
  if not found then
    return;
  end if;
  v_days := greatest((v_now at time zone v_day.time_zone)::date - v_day.date, 0) + 1;
  for v_at in 0..v_days - 1 loop
    v_dates := v_dates || (v_day.date + v_at);
    v_scopes := v_scopes || (p_facility || '/' || to_char(v_day.date + v_at, 'YYYY-MM-DD'));
  end loop;
  -- The stock now; what arrived, and was asked for, on each day; what moved on each but the first.
  -- Each of the first three in each scope, which is one look and costs less than two.
  v_values := accounts.numbers_of(
    array['facility_stock', 'facility_transferred', 'facility_requests'],
    array[p_facility::text] || v_scopes
  );
  if v_days > 1 then
    v_moved := accounts.numbers_of(array['facility_moved'], v_scopes[2:]);
  end if;
  for v_at in reverse v_days..1 loop
    date := v_dates[v_at];
    if date <> p_only then
      v_after := v_after + coalesce(v_moved[v_at - 1], 0);
      continue;
    end if;
    v_begun := case when v_at = 1 then v_day.begins_at
                    else facilities.day_end(date - 1, v_day.time_zone) end;
    v_until := case when v_at = v_days then v_now
                    else facilities.day_end(date, v_day.time_zone) - interval '1 microsecond' end;
    -- Past its expiry, and nobody has noticed yet.
    select sum(i.quantity), max(i.expires_at) into v_due, v_due_at
    from facilities.inventory as i
    where i.facility_id = p_facility and i.state = 'stock' and i.expires_at <= v_until;
    total_stock := v_values[1] - v_after - coalesce(v_due, 0);
    total_transferred := v_values[v_days + 2 + v_at];
    total_requests := v_values[2 * v_days + 3 + v_at];
    updated_at := greatest(
      v_begun, v_due_at,
      (select max(m.moved_at) from facilities.movements as m
       where m.facility_id = p_facility and m.moved_on = v_dates[v_at]),
      (select max(r.created_at) from facilities.requests as r
       where r.facility_id = p_facility and r.created_on = v_dates[v_at]),
      (select max(s.delivered_at) from facilities.distributions as s
       where s.dispatched_to = p_facility and s.delivered_on = v_dates[v_at])
    );
    return next;
    v_after := v_after + coalesce(v_moved[v_at - 1], 0);
  end loop;
end
$function$;

comment on function facilities.open_days(uuid, date) is
  'A facility''s days that have not closed, today''s first, or only one of them; exact in the '
  'reader''s snapshot.';
