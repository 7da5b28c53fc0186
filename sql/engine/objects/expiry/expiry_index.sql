create or replace function tally.index_form(
  name text, source regclass, due_sql text, filter_sql text, out key text, out predicate text
)
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
  v_probe text := tally.probe_name(source);
begin
  -- How Postgres writes the index that serves a rule, tried on an empty copy: so an index that
  -- somebody made can be told from it.
  execute format('create temporary table %s (like %s)', v_probe, source);
  begin
    execute format('create index tally_due_probe on %s ((%s)) where %s', v_probe, due_sql,
                   filter_sql);
  exception when invalid_object_definition or feature_not_supported then
    raise exception using errcode = 'TL031',
      message = format('expiry "%s": no index can serve it: %s', name, sqlerrm),
      detail = format('due: %s, filter: %s', due_sql, filter_sql),
      hint = 'Adding days to a timestamptz depends on the time zone: say which, as in '
             '(created_at at time zone ''UTC'' + interval ''7 days'') at time zone ''UTC''.';
  end;
  select pg_get_indexdef(i.indexrelid, 1, false), pg_get_expr(i.indpred, i.indrelid)
  into key, predicate
  from pg_index i
  where i.indexrelid = to_regclass('pg_temp.tally_due_probe');
  execute format('drop table %s', v_probe);
end
$function$;

comment on function tally.index_form(text, regclass, text, text) is
  'Key and predicate of the index that serves an expiry, as pg_get_indexdef writes them, or TL031.';

create or replace function tally.serving_index(source regclass, key text, predicate text)
returns regclass
language sql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- as tally.index_form has it
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
  select i.indexrelid::regclass
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  join pg_am m on m.oid = c.relam
  where i.indrelid = serving_index.source and m.amname = 'btree'
    and i.indisvalid and i.indisready and i.indislive
    and pg_get_indexdef(i.indexrelid, 1, false) = key
    and coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') = coalesce(predicate, 'true')
  order by i.indexrelid
  limit 1
$function$;

comment on function tally.serving_index(regclass, text, text) is
  'An index whose first key is that and whose predicate is that, or NULL.';

create or replace function tally.make_index(name text, source regclass, key text, predicate text)
returns name
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_index name := tally.rule_function('tally_due', name);
  v_table text := (select quote_ident(c.relname) from pg_class c where c.oid = source);
  -- None where Postgres finds that the filter is always true.
  v_where text := coalesce(' where ' || predicate, '');
  v_bytes bigint;
begin
  -- Without it, each look for what is due would read the whole table. Building one keeps writers
  -- out: a moment on a small table, and on others not ours to decide.
  select coalesce(sum(pg_relation_size(f)), 0) into v_bytes from tally.family(source) f;
  if v_bytes > 16 * 1024 * 1024 then
    raise exception using errcode = 'TL032',
      message = format('expiry "%s": no index serves it, and %s is too large to build one '
                       'meanwhile',
                       name, source),
      detail = format('The table has %s.', pg_size_pretty(v_bytes)),
      hint = format('create index %son %s (%s)%s; then create the expiry again.',
        case when (select c.relkind = 'r' from pg_class c where c.oid = source)
             then 'concurrently ' else '' end,
        source, key, v_where);
  end if;
  execute format('create index %I on %s (%s)%s', v_index, source, key, v_where);
  execute format('comment on index %s.%I is %L',
    (select c.relnamespace::regnamespace from pg_class c where c.oid = source), v_index,
    format('Made by tally.create_expiry: what of %s falls due next. Goes with expiry %s.', v_table,
           name));
  return v_index;
end
$function$;

comment on function tally.make_index(text, regclass, text, text) is
  'Makes the index that serves an expiry, or raises TL032 with the statement where the table is '
  'not small.';
