-- No pinned search_path: the DBA's expression is to be read with the DBA's own. What is ours in
-- here is qualified.

create or replace function tally.compile_rule(
  kind         text,
  name         text,
  part         text,
  source       pg_catalog.regclass,
  expression   text,
  out sql_text text,
  out columns  name[]
)
language plpgsql
as $function$
declare
  v_message pg_catalog.text;
  v_detail  pg_catalog.text;
  v_hint    pg_catalog.text;
begin
  -- The same check as a counter's expressions have, in words of its own.
  if expression is null then
    raise exception using errcode = 'TL004',
      message = pg_catalog.format('%s "%s": its %s is null', kind, name, part),
      hint = pg_catalog.format('Give an SQL expression over the columns of %s.', source);
  end if;
  select e.sql_text, e.columns into sql_text, columns
  from tally.compile_expression(name, part, source, expression) e;
exception when sqlstate 'TL004' then
  get stacked diagnostics
    v_message = message_text, v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  raise exception using errcode = 'TL004',
    message = pg_catalog.regexp_replace(v_message, '^counter', kind),
    detail = v_detail, hint = v_hint;
end
$function$;

comment on function tally.compile_rule(text, text, text, pg_catalog.regclass, text) is
  'A rule''s expression as its functions run it, or error TL004 with the reason.';
