create or replace function facilities.take_out(p_facility uuid, p_item bigint, p_quantity integer)
  returns facilities.inventory
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_item facilities.inventory;
begin
  -- The bank first, as who moves it does: then neither waits for the other in a circle.
  perform from facilities.blood_banks as b
  where b.id = (select i.blood_bank_id from facilities.inventory as i where i.id = p_item)
  for key share;
  select i.* into v_item from facilities.inventory as i
  where i.id = p_item and i.facility_id = p_facility
  for no key update;
  if not found then
    raise exception using errcode = 'TA404', message = 'This facility has no such item.';
  end if;
  if v_item.state = 'expired' or v_item.state = 'stock' and v_item.expires_at <= clock_timestamp()
  then
    raise exception using errcode = 'TA409',
      message = format('This has expired, at %s.', accounts.iso(v_item.expires_at));
  end if;
  if v_item.quantity < p_quantity then
    raise exception using errcode = 'TA409',
      message = format('There are %s left of it, and not %s.', v_item.quantity, p_quantity);
  end if;
  update facilities.inventory as i
  set quantity = i.quantity - p_quantity,
    state = case when i.quantity = p_quantity then 'issued' else 'stock' end
  where i.id = p_item
  returning i.* into v_item;
  return v_item;
end
$function$;

comment on function facilities.take_out(uuid, bigint, integer) is
  'Some of an item, or all of it, leaves a facility''s stock.';
