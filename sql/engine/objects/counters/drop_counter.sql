create or replace function tally.drop_counter(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old  tally.definitions;
  v_last boolean;
begin
  -- Takes a counter away, and with a source's last one its triggers and functions. Writers in
  -- flight are waited for, as when it was made. The pulse sweeps its totals away afterwards.
  perform tally.check_isolation('tally.drop_counter');
  select d.* into v_old from tally.definitions d where d.name = drop_counter.name;
  if not found then
    raise exception using errcode = 'TL006',
      message = format('there is no counter "%s"', name),
      hint = 'select name from tally.counter_definitions; lists them.';
  end if;
  perform tally.lock_counter(v_old.id, v_old.name);
  if exists (select from pg_class c where c.oid = v_old.source) then
    if not (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = v_old.source) then
      raise exception using errcode = 'TL007',
        message = format('role %I does not own %s, whose rows counter "%s" counts',
                         current_user, v_old.source, v_old.name),
        hint = format('Drop it as %I, who does.',
                      (select c.relowner::regrole from pg_class c where c.oid = v_old.source));
    end if;
    -- Dropping a trigger takes ACCESS EXCLUSIVE: asked for at once, since a lock that is raised
    -- later can deadlock.
    v_last := not exists (select from tally.definitions d
                          where d.source = v_old.source and d.id <> v_old.id);
    perform tally.lock_source(v_old.source,
      case when v_last then 'access exclusive' else 'share row exclusive' end);
  end if;

  delete from tally.definitions d where d.id = v_old.id;
  delete from tally.fill_requests f where f.counter = v_old.id;
  delete from tally.verifications v where v.counter = v_old.id;
  insert into tally.dropped (counter) values (v_old.id);
  insert into tally.drops default values;
  perform pg_notify('tally_definitions', '');

  if exists (select from tally.definitions d where d.source = v_old.source) then
    perform tally.build_functions(v_old.source, 'count');
    return;
  end if;
  perform tally.take_off_triggers(v_old.source, 'count');
  if v_last then
    perform tally.revoke_sight(v_old.source);
  end if;
end
$function$;

comment on function tally.drop_counter(text) is
  'Removes a counter and its numbers. The source and its rows stay as they are.';
