create or replace function community.investor_part(p_me uuid) returns json
  language sql
  stable
  set search_path = pg_catalog, pg_temp
as $function$
  select json_build_object(
    'introsReceived', community.newest_intros(p_me, true),
    'introsSent', community.newest_intros(p_me, false),
    'entry', (select community.investor_json(i) from community.investors as i where i.id = p_me)
  )
$function$;

comment on function community.investor_part(uuid) is
  'What investors see: who asks them, whom they ask, and their entry.';
