-- No pinned search_path: filter and scope are read with the caller's. Everything of ours is
-- qualified, operators and types too. Runs with the caller's rights, who must own the source.

create or replace function tally.watch(
  summary text,
  source  pg_catalog.regclass,
  scope   text default null,
  filter  text default null
)
returns void
language plpgsql
as $function$
declare
  v_filter  pg_catalog.record;
  v_scope   pg_catalog.record;
  v_state   pg_catalog.text;
  v_message pg_catalog.text;
  v_detail  pg_catalog.text;
  v_hint    pg_catalog.text;
begin
  -- Rows of source that change mark the summary's document of that scope as due. What was there
  -- before is taken for changed: nobody saw what happened to it.
  perform tally.check_watch(summary, source);

  select 'true' as sql_text, 0::pg_catalog.int2 as by_settings, '{}'::pg_catalog.name[] as columns
  into v_filter;
  select '''''::text' as sql_text, 0::pg_catalog.int2 as by_settings, '{}'::pg_catalog.name[] as columns
  into v_scope;
  if filter is not null then
    select e.sql_text, e.by_settings, e.columns into v_filter
    from tally.compile_expression(summary, 'filter', source, filter) e;
  end if;
  if scope is not null then
    select e.sql_text, e.by_settings, e.columns into v_scope
    from tally.compile_expression(summary, 'scope', source, scope) e;
  end if;

  perform tally.put_watch(summary, source, scope, filter, v_scope.sql_text, v_filter.sql_text,
    greatest(v_scope.by_settings, v_filter.by_settings),
    pg_catalog.array_cat(v_scope.columns, v_filter.columns));
exception when sqlstate 'TL003' or sqlstate 'TL004' then
  -- The rules are those of counters, and so are the words of who checks them.
  get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
                          v_detail = pg_exception_detail, v_hint = pg_exception_hint;
  raise exception using errcode = v_state,
    message = pg_catalog.replace(pg_catalog.replace(v_message, 'counter "', 'summary "'),
                                 'cannot be counted', 'cannot be watched'),
    detail = v_detail,
    hint = pg_catalog.replace(v_hint, 'Count ', 'Watch ');
end
$function$;

comment on function tally.watch(text, pg_catalog.regclass, text, text) is
  'Has changes of a table''s rows mark the summary''s document for that scope as due: rows that '
  'match filter, or did before. A summary may watch many tables, and one in several ways. Again '
  'with the same words changes nothing.';
