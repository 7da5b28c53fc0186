-- Without a search_path of its own, so that the planner puts its body in the place of a call: lists
-- call it for each row. Its body names the schema of whatever it calls.
create or replace function community.investor_json(p_investor community.investors) returns json
  language sql
  immutable
as $function$
  select pg_catalog.json_build_object(
    'id', p_investor.id, 'type', p_investor.type, 'name', p_investor.name,
    'company', p_investor.company, 'bio', p_investor.bio, 'sectors', p_investor.sectors,
    'minCheck', p_investor.check_min, 'maxCheck', p_investor.check_max
  )
$function$;

comment on function community.investor_json(community.investors) is
  'An entry of the directory, as the routes answer.';
