create or replace function tally.fill(name text default null)
returns integer
language plpgsql
security definer  -- recounts with the sight that create_counter gave to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter record;
  v_filled  integer := 0;
begin
  -- Counts the rows that were there before their counter. Writers go on. For one counter an
  -- error is raised; for all of them it is recorded, and the others are filled all the same.
  perform tally.check_isolation('tally.fill');
  if fill.name is not null then
    perform tally.check_name(fill.name);
  end if;
  for v_counter in
    select u.counter, u.name from tally.unfilled u
    where fill.name is null or u.name = fill.name
    order by u.created_at, u.name
  loop
    if fill.name is not null then
      perform tally.recount(v_counter.counter);
      v_filled := v_filled + 1;
    elsif tally.try_fill(v_counter.counter) then
      v_filled := v_filled + 1;
    end if;
  end loop;
  return v_filled;
end
$function$;

comment on function tally.fill(text) is
  'Counts the rows that were there before a counter, for one or all that need it; how many it '
  'filled. tally.work does it by itself.';
