create or replace function tally.check_scope(name text, scope text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $function$
begin
  if scope is null or octet_length(scope) > 512 then
    raise exception using errcode = 'TL022',
      message = format('summary "%s": %s', name,
        case when scope is null then 'scope is null'
             else format('a scope of %s bytes is longer than 512', octet_length(scope)) end),
      hint = 'A scope is a text of at most 512 bytes; '''' for a summary that has one document.';
  end if;
end
$function$;

comment on function tally.check_scope(text, text) is 'Raises TL022 for what cannot be a scope.';
