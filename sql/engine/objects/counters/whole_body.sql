create or replace function tally.count_all_rows(counters bigint[])
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Nothing to evaluate, so nothing that could be gone.
  select bool_and(d.filter is null and d.scope is null and d.amount is null)
  from tally.definitions d
  where d.id = any (counters)
$function$;

comment on function tally.count_all_rows(bigint[]) is
  'Whether all these counters count every row, without filter, scope or amount.';

create or replace function tally.ringing()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  select
$body$  -- The doorbell: a sleeping pulse holds this lock, and asks to be woken.
  if not pg_try_advisory_lock_shared(1952541804, 3) then
    perform pg_notify('tally_doorbell', '') from tally.settings s where s.doorbell;
  elsif pg_advisory_unlock_shared(1952541804, 3) and random() * 1000 < v_deltas then
    -- Awake, or nobody there: now and then see which.
    perform tally.ask_for_fold();
  end if;
$body$
$function$;

comment on function tally.ringing() is
  'Text for tally.function_body: wakes a sleeping pulse.';

create or replace function tally.whole_body(counters bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- No expression can fail here: so one statement, a sixth cheaper than looking first. Not for
  -- partitioned sources, where an UPDATE that moves a row may lose it to a trigger.
  select case event
    when 'update' then
$body$
begin
  -- Every row is counted, and an UPDATE leaves as many as there were.
  return null;
end
$body$
    else format(
$body$
declare
  v_deltas bigint;
begin
  -- Appends what this statement changed. It waits for nobody and locks nothing.
  insert into tally.deltas (counter, scope, delta)
  select k.counter, '', n.delta
  from (select %s as delta from %s) n
  cross join (values %s) k (counter)
  where n.delta <> 0;
  get diagnostics v_deltas = row_count;
  if v_deltas = 0 then
    return null;
  end if;

%s  return null;
end
$body$,
      case event when 'insert' then 'count(*)' else '-count(*)' end,
      case event when 'insert' then 'tally_new' else 'tally_old' end,
      (select string_agg(format('(%s)', d.id), ', ' order by d.name)
       from tally.definitions d where d.id = any (counters)),
      tally.ringing())
    end
$function$;

comment on function tally.whole_body(bigint[], text) is
  'Text for tally.function_body: a source of which every counter counts every row.';
