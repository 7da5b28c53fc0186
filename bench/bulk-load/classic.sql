-- Each scope's row is there already: an upsert would only be slower.

create table counters (
  name  text not null,
  scope text not null,
  value bigint not null,
  primary key (name, scope)
) with (fillfactor = 50);

create function count_item() returns trigger
language plpgsql
as $function$
declare
  v_value bigint;
begin
  update counters c set value = c.value + 1
  where c.name = 'items' and c.scope = new.list_id::text
  returning c.value into v_value;
  perform pg_notify('counters', json_build_object(
    'name', 'items', 'scope', new.list_id::text, 'value', v_value)::text);
  return null;
end
$function$;

create trigger count_item after insert on items
  for each row execute function count_item();
