create or replace function tally.cannot_count(name text, reason text)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Where PostgreSQL's own error would show a query of ours and not the counter that it is about.
  raise exception using errcode = 'TL013',
    message = format('counter "%s" cannot be counted: %s', name, reason),
    hint = format('Put back what it uses, or where permission is denied grant it to tally_owner '
                  '(grant execute on function … to tally_owner;); or select '
                  'tally.drop_counter(%L); and declare it as its source is now.', name);
end
$function$;

comment on function tally.cannot_count(text, text) is
  'Raises TL013 for a counter that uses something that is gone.';
