create or replace function tally.check_watch(summary text, source regclass)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whatever can be said of a watch before its expressions are looked at.
  perform tally.find_summary(summary);
  if source is null then
    raise exception using errcode = 'TL003',
      message = format('summary "%s": no source is given', summary),
      hint = 'Name the table to watch, as schema.table.';
  end if;
  perform tally.check_declarer('declare watches');
  perform tally.check_source(source);
  if not (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = source) then
    raise exception using errcode = 'TL007',
      message = format('summary "%s": role %I does not own %s', summary, current_user, source),
      hint = format('Watch it as %I, who does.',
                    (select c.relowner::regrole from pg_class c where c.oid = source));
  end if;
end
$function$;

comment on function tally.check_watch(text, regclass) is
  'Raises the error that names what is wrong with a watch, its expressions aside.';
