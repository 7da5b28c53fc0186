create or replace function tally.is_empty(source regclass)
returns boolean
language plpgsql
security definer  -- must see every row, as a fill does, whoever declares the counter
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
as $function$
declare
  v_empty boolean;
begin
  -- An older snapshot may not see rows that are there: then say no, and a fill looks again.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    return false;
  end if;
  perform tally.check_sight(is_empty.source);
  execute format('select not exists (select from %s)', is_empty.source) into v_empty;
  return v_empty;
end
$function$;

comment on function tally.is_empty(regclass) is
  'Whether a locked source has no rows, so that its new counter needs no fill.';
