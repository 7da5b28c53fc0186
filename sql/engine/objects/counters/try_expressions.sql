create or replace function tally.try_expressions(counter bigint, on_a_row boolean default false)
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
  v_counter    tally.definitions;
  v_rows       text;
  v_expression text;
begin
  -- Evaluates a counter's expressions on no row, with the caller's rights: an error of PostgreSQL's
  -- own says what is missing. Then on a row of nulls: only what runs is asked whether it may, and
  -- a function looks into its own body only then. One that is strict is not called for nulls: so
  -- on_a_row tries a real one too, where there is one. What else a row raises is its own affair.
  select d.* into strict v_counter from tally.definitions d where d.id = try_expressions.counter;
  execute format('select from (%s) c limit 0',
                 tally.recount_query(v_counter.id, v_counter.source));
  for v_rows, v_expression in
    select r.rows, e.expression
    from (values
      (1, format('(select) one left join %s r on false',
                 tally.row_source(array[v_counter.id], 'only ' || v_counter.source))),
      (2, format('(select * from %s t limit 1) r',
                 tally.row_source(array[v_counter.id], v_counter.source::text)))) r (pos, rows)
    cross join unnest(array[v_counter.filter_sql, v_counter.scope_sql, v_counter.amount_sql])
      with ordinality e (expression, pos)
    where r.pos = 1 or on_a_row
    order by r.pos, e.pos
  loop
    begin
      execute format('select (%s) from %s', v_expression, v_rows);
    exception
      when syntax_error_or_access_rule_violation or invalid_schema_name then
        raise;
      when others or assert_failure then
        null;
    end;
  end loop;
end
$function$;

comment on function tally.try_expressions(bigint, boolean) is
  'Raises whatever stands in the way of evaluating a counter''s expressions.';
