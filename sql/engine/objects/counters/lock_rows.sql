create or replace function tally.lock_rows(name text, source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Before the snapshot of a recount: a TRUNCATE that commits between the snapshot and the scan
  -- would show the rows gone and the counter still standing. ACCESS SHARE, as any SELECT takes.
  if not exists (select from pg_class c where c.oid = source) then
    raise exception using errcode = 'TL012',
      message = format('counter "%s": its source is gone (oid %s)', name, source::oid),
      hint = format('select tally.drop_counter(%L);', name);
  end if;
  perform tally.check_sight(source);
  execute format('lock table %s in access share mode', source);
  -- Neither a fill nor a repair makes a number that the next statement may make wrong unseen.
  perform tally.check_source(source);
end
$function$;

comment on function tally.lock_rows(text, regclass) is
  'Makes sure that a recount sees all rows of a source, that they are there to its end, and that '
  'triggers can count them.';
