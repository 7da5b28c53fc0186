-- No pinned search_path: the DBA's expression is to be read with the DBA's own. What is ours in
-- here is qualified, operators and types too, and tally.check_expression, which is pinned, does the rest.

create or replace function tally.compile_expression(
  counter         text,
  part            text,
  source          pg_catalog.regclass,
  expression      text,
  out sql_text    text,
  out by_settings smallint,
  out calls       boolean,
  out columns     name[]
)
language plpgsql
as $function$
declare
  v_probe     pg_catalog.text := tally.probe_name(source);
  v_view      pg_catalog.text := 'tally_view_'
    operator(pg_catalog.||) pg_catalog.left(pg_catalog.md5(v_probe), 12);
  -- A line of its own ends a comment that the expression may end with.
  v_text      pg_catalog.text := pg_catalog.format(E'(%s\n)', expression);
  v_immutable pg_catalog.bool := true;
  v_type      pg_catalog.regtype;
  v_state     pg_catalog.text;
  v_message   pg_catalog.text;
begin
  -- Postgres itself is asked whether the expression will do, as a CHECK constraint on an empty
  -- copy of the source (which rules out subqueries, aggregates and parameters), and then how
  -- it reads it.
  if pg_catalog.btrim(expression, E' \t\r\n') operator(pg_catalog.=) '' then
    raise exception using errcode = 'TL004',
      message = pg_catalog.format('counter "%s": its %s is empty', counter, part),
      hint = pg_catalog.format('Leave %s out, or give an SQL expression over the columns of %s.',
                               part, source);
  end if;

  begin
    execute pg_catalog.format('create temporary table %s (like %s)', v_probe, source);
    if part operator(pg_catalog.=) 'amount' then
      -- The cast is only tried: amounts are summed as numeric, which cannot overflow.
      execute pg_catalog.format('alter table %s add constraint tally_cast check '
                                '((%s::pg_catalog.int8) is not null)', v_probe, v_text);
      execute pg_catalog.format('create temporary view %s as select %s as value from %s',
                                v_view, v_text, v_probe);
      select a.atttypid::pg_catalog.regtype into strict v_type
      from pg_catalog.pg_attribute a
      where a.attrelid operator(pg_catalog.=)
              ('pg_temp.' operator(pg_catalog.||) v_view)::pg_catalog.regclass::pg_catalog.oid
        and a.attnum operator(pg_catalog.=) 1;
      execute pg_catalog.format('drop view pg_temp.%s', v_view);
    end if;
    execute pg_catalog.format('alter table %s add constraint tally_expression check (%s)', v_probe,
      case when part operator(pg_catalog.=) 'filter' then v_text
           when part operator(pg_catalog.=) 'scope' then pg_catalog.format('(%s::pg_catalog.text) is not null', v_text)
           else pg_catalog.format('%s is not null', v_text) end);
    -- More parentheses than above: a text that closes them in one place cannot in the other.
    begin
      execute pg_catalog.format('alter table %s add column %s pg_catalog.text generated always as '
        '((((%s))::pg_catalog.text)) stored', v_probe,
        tally.free_column(source, 'tally_generated'), v_text);
    exception when invalid_object_definition then
      v_immutable := false;
    end;
  exception when others or assert_failure then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
    if v_state operator(pg_catalog.=) any (
         '{55P03,57014,40P01,53100,53200}'::pg_catalog.text[]) then
      raise;
    end if;
    raise exception using errcode = 'TL004',
      message = pg_catalog.format('counter "%s": its %s cannot be used: %s', counter, part,
        pg_catalog.regexp_replace(v_message, ' in check constraints?( expressions?)?', '')),
      detail = pg_catalog.format('%s: %s', part, expression),
      hint = pg_catalog.format('It may use the columns of one row of %s and immutable functions, '
        'nothing else: no subquery, aggregate, parameter or other table.', source);
  end;

  select e.sql_text, e.by_settings, e.calls, e.columns into sql_text, by_settings, calls, columns
  from tally.check_expression(counter, part, source, expression, v_probe::pg_catalog.regclass,
                              v_type, v_immutable) e;
  execute pg_catalog.format('drop table %s', v_probe);
end
$function$;

comment on function tally.compile_expression(text, text, pg_catalog.regclass, text) is
  'A filter, scope or amount as the trigger functions run it, or error TL004 with the reason.';
