create or replace function tally.is_sound(counter bigint)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
as $function$
declare
  v_counter tally.definitions;
begin
  -- Whether a counter's expressions can be evaluated at all, on no row.
  select d.* into v_counter from tally.definitions d where d.id = is_sound.counter;
  execute format('select from (%s) c limit 0',
                 tally.recount_query(v_counter.id, v_counter.source));
  return true;
exception when others then
  return false;
end
$function$;

comment on function tally.is_sound(bigint) is
  'Whether everything that a counter''s expressions use is there.';
