create or replace function tally.expression_type(source regclass, expression text)
returns regtype
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_type regtype;
begin
  -- expression is one that tally.compile_rule has read.
  execute format('create temporary view tally_typed as select (%s) as value from %s', expression,
                 source);
  select tally.base_type(a.atttypid) into v_type
  from pg_attribute a
  where a.attrelid = to_regclass('pg_temp.tally_typed') and a.attnum = 1;
  execute 'drop view pg_temp.tally_typed';
  return v_type;
end
$function$;

comment on function tally.expression_type(regclass, text) is
  'The type of an expression over a table''s columns; of a domain, the type below it.';

create or replace function tally.new_row_text(source regclass, expression text)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- and so on: how Postgres writes literals, which must not depend on who asks
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set standard_conforming_strings = on
set array_nulls = on
set bytea_output = 'hex'
set quote_all_identifiers = off
set xmlbinary = 'base64'
set xmloption = 'content'
set lc_monetary = 'C'
as $function$
declare
  v_alias text := 'tally_' || left(md5(expression), 12);
  v_text  text;
  v_from  text;
begin
  -- A trigger's WHEN says new.column. Beside a second table Postgres writes every column with the
  -- name of its own before it; new itself it would rename.
  execute format('create temporary view tally_new_row as select (%s) as tally_value '
                 'from %s %s, (values (1)) tally_one (tally_number)', expression, source, v_alias);
  v_text := pg_get_viewdef(to_regclass('pg_temp.tally_new_row'));
  v_from := format('FROM %s %s,', source, v_alias);
  v_text := substring(left(v_text, position(v_from in v_text) - 1)
                      from '^\s*SELECT (.*?)(?: AS tally_value)?\s*$');
  execute 'drop view pg_temp.tally_new_row';
  return replace(v_text, v_alias || '.', 'new.');
end
$function$;

comment on function tally.new_row_text(regclass, text) is
  'An expression over a table''s columns as a trigger''s WHEN has it, over new.';
