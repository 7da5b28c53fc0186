create or replace function tally.recount(counter bigint)
returns table (scope text, counted numeric, actual numeric)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_counter tally.definitions;
begin
  -- Makes a counter right by appending the difference between it and its rows, both taken in
  -- one snapshot: so writers go on, and what they write meanwhile is counted besides. This is
  -- what a fill does, and a repair. One at a time for each counter.
  perform tally.check_isolation('a recount');
  perform pg_advisory_xact_lock(recount.counter);
  select d.* into v_counter from tally.definitions d where d.id = recount.counter;
  if not found then
    return;
  end if;
  if exists (select from tally.dropped x where x.counter = recount.counter) then
    raise exception using errcode = 'TL016',
      message = format('counter "%s": the totals of the one that had its name before are not '
                       'swept away yet', v_counter.name),
      hint = 'call tally.tick(); sweeps them away and fills it.';
  end if;
  perform tally.lock_rows(v_counter.name, v_counter.source);

  return query
  with differences as materialized (
    select c.scope, c.counted, c.actual from tally.compare(array[recount.counter]) c
  ), done as (
    delete from tally.fill_requests f where f.counter = recount.counter returning f.pulse
  ), filled as (
    update tally.definitions d
    set filled_at = case when d.filled_at is null or exists (select from done)
                         then clock_timestamp() else d.filled_at end,
        announce_from = case
          when d.filled_at is null then least(d.announce_from, 0)
          when exists (select from done)
            then least(d.announce_from, (select min(o.pulse) from done o))
          else d.announce_from end,
        fill_error = null, fill_attempts = 0, fill_again_at = null
    where d.id = recount.counter
      and (d.filled_at is null or d.fill_attempts > 0 or exists (select from done))
  ), put as (
    insert into tally.deltas (counter, scope, delta)
    select recount.counter,
           case when octet_length(x.scope) <= 512 then x.scope
                else tally.scope_too_long(recount.counter, x.scope) end,
           x.actual - x.counted
    from differences x
  )
  select x.scope, x.counted, x.actual from differences x;
  perform pg_notify('tally_definitions', '');
end
$function$;

comment on function tally.recount(bigint) is
  'Appends the difference between a counter and its rows, and makes it readable.';
