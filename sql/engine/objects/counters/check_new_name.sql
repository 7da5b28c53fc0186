create or replace function tally.check_new_name(kind text, name text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if name is null or name !~ '^[a-z][a-z0-9_]{0,62}$' then
    raise exception using errcode = 'TL001',
      message = format('%s name %s is not allowed', kind, coalesce(quote_literal(name), 'null')),
      hint = 'A name begins with a to z and has up to 63 of a to z, 0 to 9 and _.';
  end if;
end
$function$;

comment on function tally.check_new_name(text, text) is
  'Raises TL001 for what nothing may be called.';
