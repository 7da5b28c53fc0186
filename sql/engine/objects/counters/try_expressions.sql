create or replace function tally.try_expressions(counter bigint)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
as $function$
declare
  v_counter tally.definitions;
begin
  -- Evaluates a counter's expressions on no row, with the caller's rights: an error of PostgreSQL's
  -- own says what is missing.
  select d.* into strict v_counter from tally.definitions d where d.id = try_expressions.counter;
  execute format('select from (%s) c limit 0',
                 tally.recount_query(v_counter.id, v_counter.source));
end
$function$;

comment on function tally.try_expressions(bigint) is
  'Raises whatever stands in the way of evaluating a counter''s expressions.';
