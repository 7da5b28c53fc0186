create or replace function tally.try_expressions(counter bigint)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
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
  v_counter tally.definitions;
begin
  -- Evaluates a counter's expressions on no row, with the caller's rights: an error of PostgreSQL's
  -- own says what is missing.
  select d.* into strict v_counter from tally.definitions d where d.id = try_expressions.counter;
  execute format('select from (%s) c limit 0',
                 tally.recount_query(v_counter.id, v_counter.source));
end
$function$;

comment on function tally.try_expressions(bigint) is
  'Raises whatever stands in the way of evaluating a counter''s expressions.';
