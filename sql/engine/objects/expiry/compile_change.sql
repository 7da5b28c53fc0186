-- No pinned search_path: the DBA's assignments are to be read with the DBA's own. What is ours in
-- here is qualified, and tally.read_change, which is pinned, does the rest.

create or replace function tally.compile_change(
  name         text,
  source       pg_catalog.regclass,
  change       text,
  out sql_text text,
  out columns  name[]
)
language plpgsql
as $function$
declare
  v_probe pg_catalog.text := tally.probe_name(source);
begin
  -- Postgres itself is asked how it reads UPDATE … SET, as the rule of an empty copy of the source:
  -- a rule's text can be had back, with every name qualified.
  if coalesce(pg_catalog.btrim(change, E' \t\r\n'), '') operator(pg_catalog.=) '' then
    raise exception using errcode = 'TL030',
      message = pg_catalog.format('expiry "%s": its change is %s', name,
                                  case when change is null then 'null' else 'empty' end),
      hint = 'Give what stands after SET in an UPDATE, such as status = ''expired''.';
  end if;
  begin
    execute pg_catalog.format('create temporary table %s as select * from %s with no data', v_probe,
                              source);
    -- In parentheses, so that a second statement becomes part of the rule and is not run.
    execute pg_catalog.format(E'create rule tally_change as on insert to %1$s '
                              'do also (update %1$s set %2$s\n)', v_probe, change);
    -- As Postgres reads it back it names the row by this, and not by what the table is called
    -- today.
    execute pg_catalog.format('alter table %s rename to tally_row', v_probe);
    v_probe := 'pg_temp.tally_row';
  exception when others or assert_failure then
    raise exception using errcode = 'TL030',
      message = pg_catalog.format('expiry "%s": its change cannot be used: %s', name, sqlerrm),
      detail = pg_catalog.format('change: %s', change),
      hint = pg_catalog.format('Give what stands after SET in an UPDATE of %s, such as '
                               'status = ''expired''.', source);
  end;
  select c.sql_text, c.columns into sql_text, columns
  from tally.read_change(name, v_probe::pg_catalog.regclass, change) c;
  execute pg_catalog.format('drop table %s', v_probe);
end
$function$;

comment on function tally.compile_change(text, pg_catalog.regclass, text) is
  'An expiry''s change as its function runs it, and the columns that it sets, or error TL030.';

create or replace function tally.read_change(
  name         text,
  probe        regclass,
  change       text,
  out sql_text text,
  out columns  name[]
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
  v_rules integer;
  v_tree  text;
begin
  -- Second half of tally.compile_change, with a pinned search_path.
  select count(*) into v_rules from pg_rewrite r where r.ev_class = probe;
  select r.ev_action::text, regexp_replace(pg_get_ruledef(r.oid), ';\s*$', '')
  into v_tree, sql_text
  from pg_rewrite r
  where r.ev_class = probe and r.rulename = 'tally_change';
  -- The row itself and nothing beside it, every row alike.
  if v_rules <> 1 or v_tree is null
     or regexp_count(v_tree, '{QUERY ') <> 1
     or v_tree !~ ('^\({QUERY :commandType 2 .*?:jointree {FROMEXPR :fromlist '
                   || '\({RANGETBLREF :rtindex 3}\) :quals <>}')
     or v_tree !~ ':returningList <>'
     or v_tree ~ ':hasSubLinks true'
     or v_tree ~ ':varno [12] '
  then
    raise exception using errcode = 'TL030',
      message = format('expiry "%s": its change is more than a list of assignments', name),
      detail = format('change: %s', change),
      hint = 'Give what stands between SET and WHERE in an UPDATE, without subquery, FROM, '
             'WHERE, RETURNING, old and new.';
  end if;
  columns := array(
    select distinct a.attname
    from regexp_matches(v_tree, ':resno ([0-9]+) ', 'g') m
    join pg_attribute a on a.attrelid = probe and a.attnum = m[1]::smallint
    order by a.attname);
  sql_text := substring(sql_text from '\sUPDATE .*? SET (.*)$');
end
$function$;

comment on function tally.read_change(text, regclass, text) is
  'Part of tally.compile_change: what Postgres has understood.';
