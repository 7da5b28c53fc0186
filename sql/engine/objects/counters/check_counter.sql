create or replace function tally.check_counter(
  name text, source regclass, audience text, ranked boolean
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whatever can be said of a declaration before its expressions are looked at.
  perform tally.check_new_name('counter', name);
  if source is null then
    raise exception using errcode = 'TL003',
      message = format('counter "%s": no source is given', name),
      hint = 'Name the table whose rows are counted, as schema.table.';
  end if;
  perform tally.check_audience('counter', name, audience);
  if ranked is null then
    raise exception using errcode = 'TL005',
      message = format('counter "%s": ranked is null', name),
      hint = 'ranked is true or false.';
  end if;
  perform tally.check_declarer('declare counters');
  perform tally.check_source(source);
  if not (select pg_has_role(c.relowner, 'usage') from pg_class c where c.oid = source) then
    raise exception using errcode = 'TL007',
      message = format('counter "%s": role %I does not own %s', name, current_user, source),
      hint = format('Declare it as %I, who does.',
                    (select c.relowner::regrole from pg_class c where c.oid = source));
  end if;
end
$function$;

comment on function tally.check_counter(text, regclass, text, boolean) is
  'Raises the error that names what is wrong with a declaration, its expressions aside.';
