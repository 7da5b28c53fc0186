create or replace function facilities.dispatch(
  p_me uuid, p_roles text[], p_facility uuid, p_item bigint, p_quantity integer, p_to uuid
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_item facilities.inventory;
  v_sent facilities.distributions;
begin
  -- On its way it is in nobody's stock. The server has no right on the tables: this is the only way
  -- in.
  perform facilities.admit(p_me, p_roles, p_facility);
  if not exists (select from facilities.facilities as f where f.id = p_to) then
    raise exception using errcode = 'TA400', column = 'toFacilityId', message = 'is no facility';
  end if;
  v_item := facilities.take_out(p_facility, p_item, p_quantity);
  insert into facilities.distributions
    (item_id, dispatched_from, dispatched_to, blood_type, quantity)
  values (p_item, p_facility, p_to, v_item.blood_type, p_quantity)
  returning * into v_sent;
  return facilities.as_json(v_sent);
end
$function$;

comment on function facilities.dispatch(uuid, text[], uuid, bigint, integer, uuid) is
  'Units leave for a facility. POST /api/facilities/{id}/distributions.';
