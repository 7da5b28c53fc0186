create or replace function tally.drop_marking(source regclass)
returns void
language plpgsql
security definer  -- they belong to tally_owner
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug text := (select s.slug from tally.watched s where s.source = drop_marking.source);
begin
  execute format('drop function if exists tally.mark_%1$s_insert(), tally.mark_%1$s_update(), '
                 'tally.mark_%1$s_delete()', v_slug);
  delete from tally.watched s where s.source = drop_marking.source;
end
$function$;

comment on function tally.drop_marking(regclass) is
  'Drops the generated trigger functions of a table that nothing watches any more.';
