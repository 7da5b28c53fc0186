create or replace function facilities.issue(
  p_me uuid, p_roles text[], p_facility uuid, p_item bigint, p_quantity integer
) returns json
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The server has no right on the table: this is the only way in.
  perform facilities.admit(p_me, p_roles, p_facility);
  return facilities.as_json(facilities.take_out(p_facility, p_item, p_quantity));
end
$function$;

comment on function facilities.issue(uuid, text[], uuid, bigint, integer) is
  'Units are used. POST /api/facilities/{id}/inventory/{itemId}/issue.';
