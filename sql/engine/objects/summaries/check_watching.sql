create or replace function tally.check_watching(watch bigint)
returns void
language plpgsql
security definer  -- as the trigger functions will run it
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- and so on: as the trigger functions have it
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set standard_conforming_strings = on
set array_nulls = on
set bytea_output = 'hex'
set quote_all_identifiers = off
set xmlbinary = 'base64'
set xmloption = 'content'
set lc_time = 'C'
set lc_numeric = 'C'
set lc_monetary = 'C'
set timezone_abbreviations = 'Default'
set default_text_search_config = 'pg_catalog.simple'
set backslash_quote = safe_encoding
set transform_null_equals = off
as $function$
declare
  v_watch tally.watches;
begin
  -- Whether tally_owner can evaluate a watch at all, on no row. From an empty copy of the columns:
  -- marking needs no right to read the table.
  select w.* into v_watch from tally.watches w where w.id = check_watching.watch;
  execute format('select from (select %s) r where ((%s)::text, (%s)) is not null limit 0',
    coalesce((select string_agg(format('null::%s as %I', format_type(a.atttypid, a.atttypmod),
                                       a.attname), ', ' order by a.attname)
              from pg_attribute a
              where a.attrelid = v_watch.source and a.attnum > 0 and not a.attisdropped
                and a.attname = any (v_watch.columns)), '1'),
    v_watch.scope_sql, v_watch.filter_sql);
exception when insufficient_privilege then
  raise exception using errcode = 'TL011',
    message = format('the watch of %s: tally_owner may not use what it names: %s',
                     v_watch.source, sqlerrm),
    hint = 'Whoever owns that runs: grant usage on schema … to tally_owner; for a function also '
           'grant execute on function … to tally_owner;';
end
$function$;

comment on function tally.check_watching(bigint) is
  'Raises TL011 when tally_owner may not evaluate a watch; when nobody can, PostgreSQL''s error.';
