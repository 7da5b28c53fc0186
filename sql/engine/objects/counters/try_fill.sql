create or replace function tally.try_fill(counter bigint)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- One fill as a piece of work: skipped when another session has it, and its failure is
  -- recorded, to be tried again later and later, from a second up to five minutes.
  if not pg_try_advisory_xact_lock(try_fill.counter) then
    return false;
  end if;
  perform tally.recount(try_fill.counter);
  return true;
exception
  when query_canceled or others or assert_failure then
    update tally.definitions d
    set fill_error = tally.brief(sqlerrm), fill_attempts = d.fill_attempts + 1,
        fill_again_at = clock_timestamp() + tally.backoff(d.fill_attempts + 1)
    where d.id = try_fill.counter;
    -- Each transaction that could not count has asked: one request says it all.
    delete from tally.fill_requests f
    where f.ctid in (select o.ctid from tally.fill_requests o
                     where o.counter = try_fill.counter
                     -- What changed since the first of them is to be announced.
                     order by o.pulse, o.requested_at
                     offset 1
                     for update skip locked);
    perform pg_notify('tally_definitions', '');
    raise warning using errcode = 'TL013',
      message = format('counter "%s" could not be filled: %s',
        (select d.name from tally.definitions d where d.id = try_fill.counter),
        tally.brief(sqlerrm));
    return false;
end
$function$;

comment on function tally.try_fill(bigint) is
  'Fills one counter unless somebody else does; a failure is recorded and harms no other.';
