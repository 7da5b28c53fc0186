create or replace function facilities.in_stock(
  p_me uuid, p_roles text[], p_facility uuid, p_after text
) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan
as $function$
begin
  -- 50 a page, by key. A cursor is the key itself, MICROS/ID: so the next page is the right one also
  -- where what it names is used up or gone. The server has no right on the table.
  perform facilities.admit(p_me, p_roles, p_facility);
  perform accounts.check_cursor(p_after, '^[0-9]{1,18}/[0-9]{1,18}$');
  return (
    select json_build_object(
      'items', coalesce(json_agg(facilities.as_json(p.item) order by p.expires_at, p.id), '[]'),
      'next', case when count(*) = 50 then
        (array_agg(accounts.micros(p.expires_at) || '/' || p.id order by p.expires_at, p.id))[50]
      end
    )
    from (
      select i as item, i.expires_at, i.id
      from facilities.inventory as i
      where i.facility_id = p_facility and i.state = 'stock'
        and (i.expires_at, i.id) > (
          -- Where the scan begins; which of these have expired since is said below.
          coalesce(accounts.from_micros(split_part(p_after, '/', 1)::bigint), statement_timestamp()),
          coalesce(split_part(p_after, '/', 2)::bigint, 0))
        and i.expires_at > clock_timestamp()
      order by i.expires_at, i.id
      limit 50
    ) as p
  );
end
$function$;

comment on function facilities.in_stock(uuid, text[], uuid, text) is
  'What a facility has in stock, soonest to expire first. GET /api/facilities/{id}/inventory.';
