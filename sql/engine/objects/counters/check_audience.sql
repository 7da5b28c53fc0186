create or replace function tally.check_audience(kind text, name text, audience text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if audience is null or audience !~ '^(private|public|owner|role:[A-Za-z0-9_.-]{1,63})$' then
    raise exception using errcode = 'TL005',
      message = format('%s "%s": audience %s is not known', kind, name,
                       coalesce(quote_literal(audience), 'null')),
      hint = 'It is private, public, owner, or role:NAME.';
  end if;
end
$function$;

comment on function tally.check_audience(text, text, text) is
  'Raises TL005 for an audience that no server knows.';
