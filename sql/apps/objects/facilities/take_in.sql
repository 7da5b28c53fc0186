create or replace function facilities.take_in(
  p_me uuid, p_roles text[], p_facility uuid, p_bank uuid, p_blood_type text, p_quantity integer,
  p_expires_at timestamptz
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_item facilities.inventory;
begin
  -- The bank stays where it is until this commits. The server has no right on the table: this is
  -- the only way in.
  perform facilities.admit(p_me, p_roles, p_facility);
  perform from facilities.blood_banks as b
  where b.id = p_bank and b.facility_id = p_facility
  for key share;
  if not found then
    raise exception using errcode = 'TA404', message = 'This facility has no such blood bank.';
  end if;
  if p_expires_at <= clock_timestamp() then
    raise exception using errcode = 'TA400', column = 'expiresAt', message = 'is over already';
  end if;
  insert into facilities.inventory (blood_bank_id, facility_id, blood_type, quantity, expires_at)
  values (p_bank, p_facility, p_blood_type, p_quantity, p_expires_at)
  returning * into v_item;
  return facilities.as_json(v_item);
end
$function$;

comment on function facilities.take_in(uuid, text[], uuid, uuid, text, integer, timestamptz) is
  'Units come into a blood bank. POST /api/facilities/{id}/inventory.';
