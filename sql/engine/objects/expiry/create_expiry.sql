-- No pinned search_path: due, filter and change are read with the caller's. Everything of ours is
-- qualified. Runs with the caller's rights, who must own the source.

create or replace function tally.create_expiry(
  name   text,
  source pg_catalog.regclass,
  due    text,
  filter text,
  change text
)
returns void
language plpgsql
as $function$
declare
  v_rule   tally.expiries;
  v_due    pg_catalog.record;
  v_filter pg_catalog.record;
  v_change pg_catalog.record;
  v_type   pg_catalog.regtype;
begin
  -- Declares that rows whose time has come are changed: by tally.work, within milliseconds of
  -- their time while a server runs.
  perform tally.check_rule('expiry', name, source);
  select e.sql_text, e.columns into v_due
  from tally.compile_rule('expiry', name, 'due', source, due) e;
  select e.sql_text, e.columns into v_filter
  from tally.compile_rule('expiry', name, 'filter', source, filter) e;
  select c.sql_text, c.columns into v_change from tally.compile_change(name, source, change) c;
  v_type := tally.expression_type(source, v_due.sql_text);
  if v_type operator(pg_catalog.<>) 'pg_catalog.timestamptz'::pg_catalog.regtype then
    raise exception using errcode = 'TL031',
      message = pg_catalog.format('expiry "%s": its due is of type %s, not timestamptz', name,
                                  v_type),
      detail = pg_catalog.format('due: %s', due),
      hint = case
        when v_type operator(pg_catalog.=) 'pg_catalog.timestamp'::pg_catalog.regtype
          then 'Say in which time zone it is meant, as in expires_at at time zone ''UTC''.'
        when v_type operator(pg_catalog.=) 'pg_catalog.date'::pg_catalog.regtype
          then 'Say when on that day, and where, as in (ends_on + time ''24:00'') at time zone ''UTC''.'
        else 'Give the time when a row falls due, such as a column of type timestamptz.' end;
  end if;
  v_rule.name := name;
  v_rule.source := source;
  v_rule.due := due;
  v_rule.filter := filter;
  v_rule.change := change;
  v_rule.due_sql := v_due.sql_text;
  v_rule.filter_sql := v_filter.sql_text;
  v_rule.change_sql := v_change.sql_text;
  perform tally.put_expiry(v_rule, v_due.columns, v_filter.columns, v_change.columns);
end
$function$;

comment on function tally.create_expiry(text, pg_catalog.regclass, text, text, text) is
  'Rows that match filter are changed, as by UPDATE … SET change, when the time due has come. '
  'Makes the index that serves it where there is none. Again with the same words mends it. '
  'tally.drop_expiry undoes it.';
