create or replace function tally.drop_builder(function text)
returns void
language plpgsql
security definer  -- it belongs to the builder's owner, and lives in tally_owner's schema
set search_path = pg_catalog, pg_temp
as $function$
begin
  if to_regprocedure(format('tally.%I(text)', drop_builder.function)) is not null then
    execute format('drop function tally.%I(text)', drop_builder.function);
  end if;
end
$function$;

comment on function tally.drop_builder(text) is 'Drops the function around a builder.';

create or replace function tally.drop_summary(name text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_definition tally.summary_definitions := tally.find_summary(drop_summary.name);
  v_source     regclass;
begin
  -- Takes a summary away with its documents, and with a table's last watch its triggers. Builds
  -- under way are waited for, and so are writers in flight.
  perform tally.check_isolation('tally.drop_summary');
  perform tally.lock_summary(v_definition.id, v_definition.name);
  for v_source in
    select distinct w.source from tally.watches w where w.summary = v_definition.id order by 1
  loop
    perform tally.take_off_watches(v_definition.id, v_source);
  end loop;
  delete from tally.summary_definitions s where s.id = v_definition.id;
  delete from tally.documents d where d.summary = v_definition.id;
  delete from tally.builds b where b.summary = v_definition.id;
  insert into tally.drops default values;
  -- Not what is due, which somebody may be collecting at this moment: work discards it.
  perform tally.drop_builder(v_definition.function);
  perform pg_notify('tally_definitions', '');
end
$function$;

comment on function tally.drop_summary(text) is
  'Removes a summary, its documents and its watches. Builder, tables and rows stay as they are.';
