create or replace function tally.refuse_row(
  counter bigint, state text, message text, details text, hint text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter tally.definitions;
begin
  -- A row on which an expression raises, as a division by zero does, refuses the write. The error
  -- stays what it is; but whoever meets it learns whose it is. What is not of the row, such as a
  -- lock that is not to be had, is left to be raised as it came.
  if state !~ '^(22|23|P0)' then
    return;
  end if;
  select d.* into v_counter from tally.definitions d where d.id = refuse_row.counter;
  raise exception using errcode = state, message = message,
    detail = concat_ws(' ', nullif(details, ''),
      format('Counter "%s" evaluates its filter, scope and amount for each row of %s.',
             v_counter.name, v_counter.source)),
    hint = coalesce(nullif(hint, ''),
      format('Correct the row; or select tally.drop_counter(%L); and declare it so that it bears '
             'such a row.', v_counter.name));
end
$function$;

comment on function tally.refuse_row(bigint, text, text, text, text) is
  'Raises an error of a row once more, with the name of the counter that it is about.';
