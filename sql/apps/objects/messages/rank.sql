create or replace function messages.rank(p_status text) returns integer
  language sql
  immutable parallel safe
  set search_path = pg_catalog, pg_temp
as $function$
  -- One order of all four: so a message ends where it ends, in whatever order its reports come.
  select array_position(array['sent', 'delivered', 'read', 'failed'], p_status)
$function$;

comment on function messages.rank(text) is 'How far a message has come: 1 for sent, up to 4.';
