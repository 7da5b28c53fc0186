create or replace function community.dashboard_data(p_me uuid, p_roles text[]) returns json
  language plpgsql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_generic_plan  -- planning takes longer than reading does
  set enable_seqscan = off  -- and the plan may not be made for tables that are still small
as $function$
begin
  -- The part of a role is null for who has it not. The server has no right on the table.
  return json_build_object(
    'stats', community.own_stats(p_me),
    'unread', community.own_unread(p_me),
    'myProjects', community.own_projects(p_me, 10),
    'admin', case when 'admin' = any (p_roles) then community.admin_part() end,
    'investor', case when 'investor' = any (p_roles) then community.investor_part(p_me) end,
    'validator', case when 'validator' = any (p_roles) then community.validator_part(p_me) end
  );
end
$function$;

comment on function community.dashboard_data(uuid, text[]) is
  'A dashboard, with a part for each role. GET /api/prefetch/dashboard-data.';
