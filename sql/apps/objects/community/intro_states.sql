create or replace function community.intro_states(p_numbers jsonb, p_me uuid) returns jsonb
  language sql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
  select jsonb_build_object(
    'pending', p_numbers -> (p_me || '/pending'),
    'accepted', p_numbers -> (p_me || '/accepted'),
    'declined', p_numbers -> (p_me || '/declined')
  )
$function$;

comment on function community.intro_states(jsonb, uuid) is
  'Intro requests by their state, out of numbers of one user''s scopes.';
