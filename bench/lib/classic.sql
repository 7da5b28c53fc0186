-- The usual way: a row trigger that updates the counter's row and notifies.

create table counters (
  name  text primary key,
  value bigint not null
) with (fillfactor = 50);

create function count_row() returns trigger
language plpgsql
as $function$
declare
  v_value bigint;
begin
  update counters c set value = c.value + 1 where c.name = tg_argv[0] returning c.value into v_value;
  perform pg_notify('counters', json_build_object('name', tg_argv[0], 'value', v_value)::text);
  return null;
end
$function$;
