create or replace function tally.drop_functions(source regclass)
returns void
language plpgsql
security definer  -- they belong to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug text := (select s.slug from tally.sources s where s.source = drop_functions.source);
begin
  -- The source counts nothing any more: what was generated for it goes.
  execute format('drop function if exists tally.count_%1$s_insert(), tally.count_%1$s_update(), '
                 'tally.count_%1$s_delete()', v_slug);
  delete from tally.sources s where s.source = drop_functions.source;
end
$function$;

comment on function tally.drop_functions(regclass) is
  'Drops the generated trigger functions of a source that has no counter left.';
