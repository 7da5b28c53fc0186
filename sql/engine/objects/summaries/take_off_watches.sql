create or replace function tally.take_off_watches(summary bigint, source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_last boolean;
begin
  -- Removes a summary's watches of one table, and with the table's last one its triggers and
  -- functions. Dropping a trigger takes ACCESS EXCLUSIVE: asked for at once, since a lock that is
  -- raised later can deadlock.
  v_last := not exists (select from tally.watches w
                        where w.source = take_off_watches.source
                          and w.summary <> take_off_watches.summary);
  if exists (select from pg_class c where c.oid = take_off_watches.source) then
    if not (select pg_has_role(c.relowner, 'usage') from pg_class c
            where c.oid = take_off_watches.source) then
      raise exception using errcode = 'TL007',
        message = format('role %I does not own %s, whose rows summary "%s" watches', current_user,
          take_off_watches.source,
          (select s.name from tally.summary_definitions s where s.id = take_off_watches.summary)),
        hint = format('Do this as %I, who does.',
                      (select c.relowner::regrole from pg_class c
                       where c.oid = take_off_watches.source));
    end if;
    perform tally.lock_source(take_off_watches.source,
      case when v_last then 'access exclusive' else 'share row exclusive' end);
  end if;
  delete from tally.watches w
  where w.summary = take_off_watches.summary and w.source = take_off_watches.source;
  if exists (select from tally.watches w where w.source = take_off_watches.source) then
    perform tally.build_functions(take_off_watches.source, 'mark');
    perform tally.build_look(take_off_watches.source);
  else
    perform tally.take_off_triggers(take_off_watches.source, 'mark');
  end if;
end
$function$;

comment on function tally.take_off_watches(bigint, regclass) is
  'Removes a summary''s watches of a table.';
