create or replace function facilities.move_bank(p_bank uuid, p_to uuid) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Its stock goes along, by the foreign key: one transaction, so nobody sees it in both facilities
  -- or in none. The server has no right on the table: this is the only way in.
  if not exists (select from facilities.facilities as f where f.id = p_to) then
    raise exception using errcode = 'TA400', column = 'toFacilityId', message = 'is no facility';
  end if;
  update facilities.blood_banks as b set facility_id = p_to where b.id = p_bank;
  if not found then
    raise exception using errcode = 'TA404', message = 'There is no such blood bank.';
  end if;
  return json_build_object('id', p_bank, 'facilityId', p_to);
end
$function$;

comment on function facilities.move_bank(uuid, uuid) is
  'A blood bank goes to another facility, with its stock. '
  'POST /api/facilities/blood-banks/{id}/move.';
