create or replace function facilities.admit(p_me uuid, p_roles text[], p_facility uuid) returns uuid
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The facility itself, for its staff and for admins. The server has no right on the tables.
  if not exists (select from facilities.facilities as f where f.id = p_facility) then
    raise exception using errcode = 'TA404', message = 'There is no such facility.';
  end if;
  if not 'admin' = any (p_roles) and not exists (
    select from facilities.staff as s where s.user_id = p_me and s.facility_id = p_facility
  ) then
    raise exception using errcode = 'TA403', message = 'This is for the staff of that facility.';
  end if;
  return p_facility;
end
$function$;

comment on function facilities.admit(uuid, text[], uuid) is
  'TA403 for who is neither staff of that facility nor an admin.';
