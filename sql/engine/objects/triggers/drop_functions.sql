create or replace function tally.drop_functions(source regclass, kind text)
returns void
language plpgsql
security definer  -- they belong to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug text := (select t.slug from tally.triggered_tables t
                  where t.source = drop_functions.source and t.kind = drop_functions.kind);
begin
  execute format('drop function if exists tally.%1$s_%2$s_insert(), tally.%1$s_%2$s_update(), '
                 'tally.%1$s_%2$s_delete()', kind, v_slug);
  if kind = 'mark' then
    perform tally.drop_look(v_slug);
  end if;
  delete from tally.sources s where kind = 'count' and s.source = drop_functions.source;
  delete from tally.watched w where kind = 'mark' and w.source = drop_functions.source;
end
$function$;

comment on function tally.drop_functions(regclass, text) is
  'Drops the generated trigger functions of a table that is counted, or watched, no more.';
