create or replace function tally.work(
  budget interval default '100 milliseconds',
  out filled integer, out rebuilt integer, out expired integer, out jobs integer,
  out next_due timestamptz
)
language plpgsql
security definer  -- a server may work, and may not read sources by itself
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_until   timestamptz := clock_timestamp() + budget;
  v_counter bigint;
begin
  -- What is due beside the pulse, piece by piece. Several sessions may work at once: each takes
  -- pieces that no other has. No piece is begun once the budget is spent.
  perform tally.check_isolation('tally.work');
  filled := 0;
  rebuilt := 0;
  expired := 0;
  jobs := 0;
  for v_counter in
    select u.counter from tally.unfilled u
    where u.fill_again_at is null or u.fill_again_at <= clock_timestamp()
    order by u.fill_attempts, u.created_at, u.name
  loop
    exit when clock_timestamp() >= v_until and filled > 0;
    if tally.try_fill(v_counter) then
      filled := filled + 1;
    end if;
  end loop;
  next_due := (select min(coalesce(u.fill_again_at, u.created_at)) from tally.unfilled u);
end
$function$;

comment on function tally.work(interval) is
  'Does what is due beside the pulse: fills new counters. Says how much, and when to come again.';
