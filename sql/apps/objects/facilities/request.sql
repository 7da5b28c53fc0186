create or replace function facilities.request(
  p_me uuid, p_roles text[], p_facility uuid, p_blood_type text, p_quantity integer
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_request facilities.requests;
begin
  -- The server has no right on the table: this is the only way in.
  perform facilities.admit(p_me, p_roles, p_facility);
  insert into facilities.requests (facility_id, requested_by, blood_type, quantity)
  values (
    p_facility,
    -- An admin of another house has a token, but no row here.
    (select u.id from accounts.users as u where u.id = p_me), p_blood_type, p_quantity
  )
  returning * into v_request;
  return json_build_object(
    'id', v_request.id, 'facilityId', p_facility, 'bloodType', p_blood_type,
    'quantity', p_quantity, 'createdAt', accounts.iso(v_request.created_at),
    'createdOn', v_request.created_on
  );
end
$function$;

comment on function facilities.request(uuid, text[], uuid, text, integer) is
  'A facility asks for blood. POST /api/facilities/{id}/requests.';
