create or replace function facilities.under_way(
  p_me uuid, p_roles text[], p_facility uuid, p_after bigint
) returns json
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
  return json_build_object('distributions', (
    select coalesce(json_agg(facilities.as_json(p.sent) order by p.id), '[]')
    from (
      select s as sent, s.id
      from facilities.distributions as s
      where s.dispatched_to = p_facility and s.delivered_at is null
        and s.id > coalesce(p_after, 0)
      order by s.id
      limit 50
    ) as p
  ));
end
$function$;

comment on function facilities.under_way(uuid, text[], uuid, bigint) is
  'What is on its way to a facility, longest first. GET /api/facilities/{id}/distributions.';
