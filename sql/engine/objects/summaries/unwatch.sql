create or replace function tally.unwatch(summary text, source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions := tally.find_summary(unwatch.summary);
begin
  -- All watches of that table; nothing where there is none.
  perform tally.check_isolation('tally.unwatch');
  if exists (select from tally.watches w
             where w.summary = v_definition.id and w.source = unwatch.source) then
    perform tally.take_off_watches(v_definition.id, unwatch.source);
  end if;
end
$function$;

comment on function tally.unwatch(text, regclass) is
  'Undoes every tally.watch of a summary on one table. Its documents stay as they are.';
