create or replace function tally.expire_due(batch integer default 1000)
returns bigint
language plpgsql
security definer  -- calls the functions of the rules, which run as the owners of their tables
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_name    text;
  v_changed bigint := 0;
begin
  -- What is due now, at most batch rows for each rule: call it again until it returns 0. It never
  -- waits for a row that somebody has locked; that one is left for the next call.
  perform tally.check_isolation('tally.expire_due');
  if batch is null or batch < 1 then
    raise exception using errcode = 'TL034',
      message = format('batch is %s', coalesce(batch::text, 'null')),
      hint = 'It is how many rows of each rule are changed at most: 1 or more.';
  end if;
  for v_name in select e.name from tally.expiries e where not e.stopped order by e.name loop
    v_changed := v_changed + tally.expire_rule(v_name, batch);
  end loop;
  return v_changed;
end
$function$;

comment on function tally.expire_due(integer) is
  'Changes rows whose time has come, at most so many for each rule; how many. It never waits on a '
  'locked row. tally.work does it by itself.';
