create or replace function community.investor_json(p_investor community.investors) returns jsonb
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
  select jsonb_build_object(
    'id', p_investor.id, 'type', p_investor.type, 'name', p_investor.name,
    'company', p_investor.company, 'bio', p_investor.bio, 'sectors', p_investor.sectors,
    'minCheck', p_investor.check_min, 'maxCheck', p_investor.check_max
  )
$function$;

comment on function community.investor_json(community.investors) is
  'An entry of the directory, as the routes answer.';
