create or replace function tally.drop_expiry(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_old   tally.expiries;
  v_class pg_class;
begin
  -- Takes the rule away with its functions, its trigger, and the index that was made for it. Rows
  -- stay as they are. Dropping a trigger keeps everybody out for a moment: 100 ms at a time.
  perform tally.check_isolation('tally.drop_expiry');
  perform pg_advisory_xact_lock(hashtextextended('tally.expiry.' || name, 0));
  select e.* into v_old from tally.expiries e where e.name = drop_expiry.name;
  if not found then
    raise exception using errcode = 'TL006',
      message = format('there is no expiry "%s"', name),
      hint = 'select name from tally.expiries; lists them.';
  end if;
  select c.* into v_class from pg_class c where c.oid = v_old.source;
  if found then
    if not pg_has_role(v_class.relowner, 'usage') then
      raise exception using errcode = 'TL007',
        message = format('role %I does not own %s, whose rows expiry "%s" changes',
                         current_user, v_old.source, name),
        hint = format('Drop it as %I, who does.', v_class.relowner::regrole);
    end if;
    perform tally.lock_source(v_old.source, 'access exclusive');
    execute format('drop trigger if exists %I on %s', tally.rule_function('_600_tally_due', name),
                   v_old.source);
    if v_old.made_index is not null then
      execute format('drop index if exists %s.%I', v_class.relnamespace::regnamespace,
                     v_old.made_index);
    end if;
  end if;
  perform tally.drop_function('run_expiry', name);
  perform tally.drop_function('next_expiry', name);
  delete from tally.expiries e where e.name = drop_expiry.name;
  perform pg_notify('tally_work', '');
end
$function$;

comment on function tally.drop_expiry(text) is
  'Removes a rule of expiry. The table and its rows stay as they are.';
