create or replace function tally.check_expression(
  counter         text,
  part            text,
  source          regclass,
  expression      text,
  probe           regclass,
  amount_type     regtype,
  is_immutable    boolean,
  out sql_text    text,
  out by_settings smallint,
  out calls       boolean,
  out columns     name[]
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
  v_tree text;
  v_why  text;
begin
  -- Second half of tally.compile_expression, with a pinned search_path: so the text that comes
  -- back has every name qualified that is not PostgreSQL's own.
  select pg_get_expr(k.conbin, k.conrelid), k.conbin::text into strict sql_text, v_tree
  from pg_constraint k where k.conrelid = check_expression.probe and k.conname = 'tally_expression';

  with called as (
    select m[1]::oid as function
    from regexp_matches(v_tree, ':(?:funcid|opfuncid) ([1-9][0-9]*)', 'g') m
    union
    select o.oprcode
    from regexp_matches(v_tree, ':opno ([1-9][0-9]*)', 'g') m
    join pg_operator o on o.oid = m[1]::oid
  )
  select
    case
      when v_tree ~ 'SQLVALUEFUNCTION' then
        'it depends on the clock or the session, such as current_date or current_user'
      when tally.frozen_words(expression) > tally.frozen_words(sql_text) and exists (
        select from regexp_matches(v_tree, ':consttype ([0-9]+)', 'g') m
        where tally.holds_time(m[1]::oid))
        then 'it says now, today, tomorrow or yesterday, which is read once, when it is declared, '
             'and would stay that time'
      when v_tree ~ 'NEXTVALUEEXPR' then 'it draws from a sequence'
      when v_tree ~ ':varattno -' then 'it uses a system column'
      when v_tree ~ ':varattno 0 ' then 'it uses the whole row: name the columns'
      when v_tree ~ 'COERCEVIAIO' and v_tree ~ (
             ':(vartype|consttype|resulttype|funcresulttype) ('
             || (select string_agg(t.oid::text, '|') from pg_type t
                 where t.typnamespace = 'pg_catalog'::regnamespace and t.typname ~ '^reg') || ') ')
        then 'it shows an object by its name, which can be renamed'
      when exists (
        select from regexp_matches(v_tree, ':resulttype ([0-9]+) :resultcollid', 'g') m
        where tally.holds_time(m[1]::oid)
        union all
        select from regexp_matches(v_tree, '{JSONRETURNING :format (?:<>|{[^}]*}) :typid ([0-9]+)',
                                   'g') m
        where tally.holds_time(m[1]::oid))
        then 'it reads a time from text, which may say now; to_timestamp(…, format) reads no such '
             'word'
      when exists (
        select from regexp_matches(v_tree, '{(DISTINCTEXPR|NULLIFEXPR) :opno ([0-9]+)', 'g') m
        join pg_operator p on p.oid = m[2]::oid
        where p.oprnamespace <> 'pg_catalog'::regnamespace)
        or (v_tree ~ 'CASETESTEXPR|ROWCOMPARE' and exists (
             select from regexp_matches(v_tree, ':opno ([0-9]+)', 'g') m
             join pg_operator p on p.oid = m[1]::oid
             where p.oprnamespace <> 'pg_catalog'::regnamespace))
        then 'it compares with an operator of another schema without naming it (is distinct from, '
             'nullif, case … when, a row): write it with ='
      else (
        select format('it calls %s, which is %s', p.oid::regprocedure,
                 case p.provolatile
                   when 'v' then 'volatile: it returns something else each time'
                   else 'stable, not immutable: it may return something else when the row changes'
                 end)
        from called c
        join pg_proc p on p.oid = c.function
        where p.provolatile <> 'i'
          -- What Postgres finds immutable after all, it has inlined: int || text, for one. An
          -- application's function must say so itself.
          and not (is_immutable and p.pronamespace = 'pg_catalog'::regnamespace)
          and p.oid not in (select s.function from tally.settled_functions s)
        order by p.provolatile desc, 1
        limit 1)
    end,
    tally.meets_domain(v_tree) or exists (
      select from called c
      join pg_proc p on p.oid = c.function
      where p.pronamespace <> 'pg_catalog'::regnamespace)
  into v_why, calls;
  -- A constant with a backslash or an array is read by settings too.
  by_settings := greatest(tally.shown_by_settings(v_tree, sql_text, source),
                          case when not is_immutable or sql_text ~ '[\\{]' then 1 else 0 end);

  if v_why is not null then
    raise exception using errcode = 'TL004',
      message = format('counter "%s": its %s cannot be used: %s', counter, part, v_why),
      detail = format('%s: %s', part, expression),
      hint = format('The same row must give the same answer when it comes and when it goes: use '
                    'the columns of one row of %s and immutable functions, nothing else.', source);
  end if;

  if part <> 'filter' then
    -- The constraint says (…) is not null, so that any type will do: take that off again.
    sql_text := regexp_replace(sql_text, '^\((.*) IS NOT NULL\)$', '\1');
  end if;
  if part = 'scope' then
    -- Postgres has left the cast out where it was text already, which another day it may not be.
    sql_text := format('(%s)::text', sql_text);
  end if;
  if part = 'amount' then
    amount_type := tally.base_type(amount_type);
    -- No cast is written here: a column may have another type one day, and then the tally.whole
    -- of that type is meant.
    sql_text := case
      when amount_type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype,
                           'float4'::regtype, 'float8'::regtype, 'jsonb'::regtype, 'text'::regtype,
                           'varchar'::regtype, 'bpchar'::regtype)
        then format('tally.whole(%s)', sql_text)
      else format('tally.whole((%s)::bigint)', sql_text)
    end;
  end if;
  columns := array(
    select distinct a.attname from regexp_matches(v_tree, ':varattno ([1-9][0-9]*) ', 'g') m
    join pg_attribute a on a.attrelid = probe and a.attnum = m[1]::smallint
    order by a.attname);
  perform tally.grant_names(v_tree);
end
$function$;

comment on function tally.check_expression(text, text, regclass, text, regclass, regtype, boolean) is
  'Whether an expression gives the same answer for the same row at any time, and its text.';
