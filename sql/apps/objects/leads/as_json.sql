create or replace function leads.as_json(p_lead leads.leads) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'id', p_lead.id, 'ownerId', p_lead.owner_id, 'name', p_lead.name, 'email', p_lead.email,
    'status', p_lead.status
  )
$function$;

comment on function leads.as_json(leads.leads) is 'A lead, as the routes answer.';
