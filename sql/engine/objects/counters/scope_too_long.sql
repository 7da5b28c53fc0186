create or replace function tally.scope_too_long(counter bigint, scope text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_name text := (select d.name from tally.definitions d where d.id = scope_too_long.counter);
begin
  -- Called by counting statements for a scope that may not be stored: refuses the write.
  raise exception using errcode = 'TL010',
    message = format('counter "%s": a scope of %s bytes is longer than 512',
                     v_name, octet_length(scope_too_long.scope)),
    detail = format('The scope begins with: %s', left(scope_too_long.scope, 60)),
    hint = 'Shorten what the counter''s scope expression returns, for example by md5().';
end
$function$;

comment on function tally.scope_too_long(bigint, text) is
  'Raises TL010, naming the counter and the length.';
