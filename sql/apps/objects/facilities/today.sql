create or replace function facilities.today(scope text) returns jsonb
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_facility uuid;
begin
  -- What /dashboard answers; NULL for what is no facility.
  v_facility := scope::uuid;
  return (
    select facilities.as_json(row(v_facility, o.*)::facilities.dashboard_daily_summary)
    from facilities.open_days(v_facility) as o
    order by o.date desc
    limit 1
  );
exception when invalid_text_representation then
  return null;
end
$function$;

comment on function facilities.today(text) is
  'Builder of facility_today: a facility''s dashboard now.';

-- Read by those whom facilities.admit lets act for the facility, which owns it.
select tally.create_summary(
  'facility_today', 'facilities.today', settle => '0', audience => 'owner'
);
select tally.watch('facility_today', 'facilities.movements', scope => 'facility_id');
select tally.watch('facility_today', 'facilities.requests', scope => 'facility_id');
select tally.watch(
  'facility_today', 'facilities.distributions',
  scope => 'dispatched_to', filter => 'delivered_on is not null'
);
-- At midnight there, and when the clock there changes.
select tally.watch(
  'facility_today', 'facilities.days', scope => 'facility_id', filter => 'not closed'
);
