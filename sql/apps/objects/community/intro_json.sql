create or replace function community.intro_json(p_intro community.intro_requests) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'id', p_intro.id, 'requester', community.person(p_intro.requester_id),
    'investor', (
      select json_build_object('id', i.id, 'name', i.name)
      from community.investors as i where i.id = p_intro.investor_id
    ),
    'projectId', p_intro.project_id, 'message', p_intro.message, 'status', p_intro.status,
    'createdAt', accounts.iso(p_intro.created_at)
  )
$function$;

comment on function community.intro_json(community.intro_requests) is
  'An intro request, as the routes answer.';
