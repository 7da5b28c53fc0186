-- No pinned search_path: the DBA's expression is to be read with the DBA's own. What is ours in
-- here is qualified, and tally.check_expression, which is pinned, does the rest.

create or replace function tally.compile_expression(
  counter        text,
  part           text,
  source         pg_catalog.regclass,
  expression     text,
  out sql_text   text,
  out by_settings boolean
)
language plpgsql
as $function$
declare
  v_probe   text := pg_catalog.quote_ident((select c.relname from pg_catalog.pg_class c
                                            where c.oid = compile_expression.source));
  v_check   text := case compile_expression.part
                      when 'filter' then '(%s' || E'\n' || ')'
                      when 'scope' then '((%s' || E'\n' || ')::pg_catalog.text) is not null'
                      else '((%s' || E'\n' || ')::pg_catalog.int8) is not null or (%1$s' || E'\n' || ') is not null'
                    end;
  v_type    pg_catalog.regtype;
  v_immutable boolean;
  v_state   text;
  v_message text;
begin
  -- Postgres itself is asked whether the expression will do, as a CHECK constraint on an empty
  -- copy of the source (which rules out subqueries, aggregates and parameters), and then how
  -- it reads it.
  if pg_catalog.btrim(compile_expression.expression, E' \t\r\n') = '' then
    raise exception using errcode = 'TL004',
      message = pg_catalog.format('counter "%s": its %s is empty', counter, part),
      hint = pg_catalog.format('Leave %s out, or give an SQL expression over the columns of %s.',
                               part, source);
  end if;

  begin
    execute pg_catalog.format('create temporary table %s (like %s)', v_probe, source);
    execute pg_catalog.format('alter table pg_temp.%s add constraint tally_expression check (%s)',
                              v_probe, pg_catalog.format(v_check, expression));
    if part = 'amount' then
      -- The cast was only tried: amounts are summed as numeric, which cannot overflow.
      execute pg_catalog.format('alter table pg_temp.%s drop constraint tally_expression', v_probe);
      execute pg_catalog.format('alter table pg_temp.%s add constraint tally_expression '
                                'check ((%s' || E'\n' || ') is not null)', v_probe, expression);
      execute pg_catalog.format('create temporary table tally_amount as select (%s' || E'\n' || ') as amount '
                                'from pg_temp.%s', expression, v_probe);
      select a.atttypid::pg_catalog.regtype into strict v_type from pg_catalog.pg_attribute a
      where a.attrelid = 'pg_temp.tally_amount'::pg_catalog.regclass and a.attname = 'amount';
      drop table pg_temp.tally_amount;
    end if;
    begin
      execute pg_catalog.format('alter table pg_temp.%s add column tally_generated pg_catalog.text '
        'generated always as (((%s' || E'\n' || '))::pg_catalog.text) stored', v_probe, expression);
      v_immutable := true;
    exception when invalid_object_definition then
      v_immutable := false;
    end;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
    if v_state in ('55P03', '57014', '40P01', '53100', '53200') then
      raise;
    end if;
    raise exception using errcode = 'TL004',
      message = pg_catalog.format('counter "%s": its %s cannot be used: %s', counter, part,
        pg_catalog.regexp_replace(v_message, ' in (check constraint|check constraints)s?( expressions)?', '')),
      detail = pg_catalog.format('%s: %s', part, expression),
      hint = pg_catalog.format('It may use the columns of one row of %s and immutable functions, '
        'nothing else: no subquery, aggregate, parameter or other table.', source);
  end;

  select e.sql_text, e.by_settings into sql_text, by_settings
  from tally.check_expression(counter, part, source, expression,
         pg_catalog.format('pg_temp.%s', v_probe)::pg_catalog.regclass, v_type, v_immutable) e;
  execute pg_catalog.format('drop table pg_temp.%s', v_probe);
end
$function$;

comment on function tally.compile_expression(text, text, pg_catalog.regclass, text) is
  'A filter, scope or amount as the trigger functions run it, or error TL004 with the reason.';
