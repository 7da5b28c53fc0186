create or replace function tally.fill(name text default null)
returns integer
language plpgsql
security definer  -- recounts with the sight that create_counter gave to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter bigint;
  v_filled  integer := 0;
begin
  -- Counts the rows that were there before their counter. Writers go on. For one counter an
  -- error is raised; for all of them it is recorded, and the others are filled all the same.
  perform tally.check_isolation('tally.fill');
  if fill.name is not null then
    if exists (select from tally.counter_definitions d
               where d.name = fill.name and d.filled_at is not null) then
      -- Nothing to fill; but say so where it cannot go on counting.
      perform tally.countable(fill.name, true);
      return 0;
    end if;
    perform tally.recount(tally.check_name(fill.name));
    return 1;
  end if;
  perform tally.stop_unfit();
  for v_counter in
    select u.counter from tally.unfilled u order by u.fill_attempts, u.created_at, u.name
  loop
    if tally.try_fill(v_counter) then
      v_filled := v_filled + 1;
    end if;
  end loop;
  return v_filled;
exception when syntax_error_or_access_rule_violation or invalid_schema_name then
  perform tally.cannot_count(fill.name, sqlerrm);
  return 0;  -- not reached
end
$function$;

comment on function tally.fill(text) is
  'Counts the rows that were there before a counter, for one or all that need it; how many it '
  'filled. tally.work does it by itself.';
