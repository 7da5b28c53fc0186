create or replace function facilities.in_stock(
  p_me uuid, p_roles text[], p_facility uuid, p_after bigint
) returns jsonb
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
as $function$
begin
  -- 50 a page, by key: after the one that the page before ended with. The server has no right on
  -- the table.
  perform facilities.admit(p_me, p_roles, p_facility);
  return jsonb_build_object('items', (
    select coalesce(jsonb_agg(facilities.as_json(p.item) order by p.expires_at, p.id), '[]')
    from (
      select i as item, i.expires_at, i.id
      from facilities.inventory as i
      where i.facility_id = p_facility and i.state = 'stock'
        and (i.expires_at, i.id) > (
          coalesce((select a.expires_at from facilities.inventory as a where a.id = p_after),
                   clock_timestamp()),
          coalesce(p_after, 0))
        and i.expires_at > clock_timestamp()
      order by i.expires_at, i.id
      limit 50
    ) as p
  ));
end
$function$;

comment on function facilities.in_stock(uuid, text[], uuid, bigint) is
  'What a facility has in stock, soonest to expire first. GET /api/facilities/{id}/inventory.';
