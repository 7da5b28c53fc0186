-- Without a search_path of their own, so that the planner puts their bodies in the place of a call:
-- lists call them for each row. Each names the schema of whatever it calls.

create or replace function facilities.as_json(p_day facilities.dashboard_daily_summary)
  returns json
  language sql
  stable
as $function$
  select pg_catalog.json_build_object(
    'facilityId', p_day.facility_id, 'date', p_day.date, 'totalStock', p_day.total_stock,
    'totalTransferred', p_day.total_transferred, 'totalRequests', p_day.total_requests,
    'updatedAt', accounts.iso(p_day.updated_at)
  )
$function$;

comment on function facilities.as_json(facilities.dashboard_daily_summary) is
  'A facility''s day, as the routes answer.';

create or replace function facilities.as_json(p_item facilities.inventory) returns json
  language sql
  stable
as $function$
  select pg_catalog.json_build_object(
    'id', p_item.id, 'bloodBankId', p_item.blood_bank_id, 'facilityId', p_item.facility_id,
    'bloodType', p_item.blood_type, 'quantity', p_item.quantity, 'state', p_item.state,
    'receivedAt', accounts.iso(p_item.received_at), 'expiresAt', accounts.iso(p_item.expires_at)
  )
$function$;

comment on function facilities.as_json(facilities.inventory) is
  'An item of the inventory, as the routes answer.';

create or replace function facilities.as_json(p_some facilities.distributions) returns json
  language sql
  stable
as $function$
  select pg_catalog.json_build_object(
    'id', p_some.id, 'fromFacilityId', p_some.dispatched_from, 'toFacilityId', p_some.dispatched_to,
    'bloodType', p_some.blood_type, 'quantity', p_some.quantity,
    'dispatchedAt', accounts.iso(p_some.dispatched_at),
    'deliveredAt', accounts.iso(p_some.delivered_at), 'deliveredOn', p_some.delivered_on
  )
$function$;

comment on function facilities.as_json(facilities.distributions) is
  'A distribution, as the routes answer.';
