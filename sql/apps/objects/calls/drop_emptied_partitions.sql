create or replace function calls.drop_emptied_partitions() returns text
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
  set timezone = 'UTC'
  set datestyle = 'ISO, YMD'
as $function$
declare
  v_partition regclass;
  v_is_empty boolean;
  v_dropped integer := 0;
begin
  -- The retention goes by the end of an invitation, row by row, and leaves months behind that are
  -- empty. A look-up by id would go through each of them. A job runs as tally_owner, which may not
  -- drop them. Nobody waits for more than 100 ms: what cannot be locked stays until the next time.
  for v_partition in
    select i.inhrelid::regclass
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'calls.invitations'::regclass
      and substring(pg_get_expr(c.relpartbound, c.oid) from ' TO \(''(.*)''\)$')::timestamptz
          < now() - interval '7 days'
    order by c.relname
  loop
    execute format('select not exists (select from %s)', v_partition) into v_is_empty;
    continue when not v_is_empty;
    begin
      -- The root first, as writers do.
      lock table only calls.invitations in access exclusive mode;
      execute format('lock table %s in access exclusive mode', v_partition);
      execute format('select not exists (select from %s)', v_partition) into v_is_empty;
      if v_is_empty then
        execute format('drop table %s', v_partition);
        v_dropped := v_dropped + 1;
      end if;
    exception when lock_not_available then
      return format('%s dropped; others are in use', v_dropped);
    end;
  end loop;
  return format('%s dropped', v_dropped);
end
$function$;

comment on function calls.drop_emptied_partitions() is
  'Drops the months of calls.invitations that are past and have no row any more; a job of each day.';

insert into tally.jobs (name, command, every, next_at)
values ('calls emptied partitions', 'select calls.drop_emptied_partitions()', '1 day',
        pg_catalog.now() + interval '1 day')
on conflict (name) do nothing;
