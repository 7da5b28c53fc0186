create or replace function tally.stop_counter(counter bigint, reason text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- From now on it is not readable: rather not shown than shown wrong. tally.work tries to fill
  -- it again, later and later. A row is appended, never updated: a writer may not wait. And one
  -- for each transaction: another's, seen in this snapshot, may be answered by a fill already.
  --
  -- A SERIALIZABLE writer does not look, and appends each time: two that read here and write here
  -- would fail each other, whatever tables they came from.
  with asked as (
    insert into tally.fill_requests (counter, reason, pulse)
    select stop_counter.counter, tally.brief(stop_counter.reason),
           coalesce((select p.pulse from tally.pulses p order by p.pulse desc limit 1), 0)
    where case current_setting('transaction_isolation')
            when 'serializable' then true
            else not exists (select from tally.fill_requests f
                             where f.counter = stop_counter.counter
                               and f.xid = pg_current_xact_id()) end
    returning 1
  )
  -- In a writer's transaction: with the doorbell off it may be one that NOTIFY would break.
  select pg_notify('tally_definitions', '')
  from tally.settings s
  where s.doorbell and exists (select from asked)
$function$;

comment on function tally.stop_counter(bigint, text) is
  'Asks for a fill: until then the counter shows no number.';
