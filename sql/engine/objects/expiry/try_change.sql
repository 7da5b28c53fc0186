create or replace function tally.try_change(
  name text, source regclass, due_sql text, filter_sql text, change_sql text, filter_columns name[],
  change_columns name[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
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
as $function$
declare
  v_probe text := tally.probe_name(source);
  v_why   text;
  v_again bigint;
  v_rules text;
  v_drop  text;
begin
  -- A change that leaves the filter true would be made for ever. What can be known of that before
  -- the first row falls due; the rule's function looks again each time it runs.
  if not (filter_columns && change_columns)
     and not exists (select from pg_attribute a
                     where a.attrelid = source and a.attname = any (filter_columns)
                       and a.attgenerated <> '')
     and not exists (select from pg_trigger t
                     where t.tgrelid = source and not t.tgisinternal and t.tgtype & 19 = 19)
  then
    v_why := format('it sets %s, and the filter looks at %s',
                    array_to_string(change_columns, ', '),
                    coalesce(nullif(array_to_string(filter_columns, ', '), ''), 'nothing'));
  else
    begin
      execute format('create temporary table %s as select * from %s where %s order by (%s) limit '
                     '1000',
                     v_probe, source, filter_sql, due_sql);
      execute format('update %s as tally_row set %s', v_probe, change_sql);
      execute format('select count(*) from %s where %s', v_probe, filter_sql) into v_again;
      execute format('drop table %s', v_probe);
    exception when others or assert_failure then
      raise exception using errcode = 'TL030',
        message = format('expiry "%s": its change fails on a row of %s: %s', name, source, sqlerrm),
        detail = format('change: %s', change_sql),
        hint = 'Try it as an UPDATE in a transaction that you roll back.';
    end;
    if v_again > 0 then
      v_why := format('of up to 1000 rows of %s that were tried, %s still match the filter', source,
                      v_again);
    end if;
  end if;
  if v_why is not null then
    raise exception using errcode = 'TL033',
      message = format('expiry "%s": its change leaves the filter true, so a row that is due would '
                       'stay due for ever: %s', name, v_why),
      detail = format('filter: %s, change: %s', filter_sql, change_sql),
      hint = 'Have the change set a column so that the filter is false afterwards.';
  end if;
  -- With a rule (create rule) an UPDATE becomes something else, of other rows maybe, and what it
  -- returns cannot be asked for.
  select string_agg(w.rulename, ', ' order by w.rulename),
         string_agg(format('drop rule %I on %s;', w.rulename, source), ' ' order by w.rulename)
  into v_rules, v_drop
  from pg_rewrite w
  where w.ev_class = source and w.ev_type = '2' and w.ev_enabled in ('O', 'A');
  if v_rules is not null then
    raise exception using errcode = 'TL030',
      message = format('expiry "%s": %s has a rule for UPDATE (%s)', name, source, v_rules),
      detail = 'What such a rule makes of the change cannot be followed.',
      hint = 'Have a trigger do what it does, and ' || v_drop;
  end if;
  -- Whatever a copy does not have: generated columns, privileges.
  begin
    execute format('explain (costs off) update %s as tally_row set %s where false', source,
                   change_sql);
  exception when others or assert_failure then
    raise exception using errcode = 'TL030',
      message = format('expiry "%s": its change cannot be used on %s: %s', name, source, sqlerrm),
      detail = format('change: %s', change_sql),
      hint = 'Try it as an UPDATE in a transaction that you roll back.';
  end;
end
$function$;

comment on function tally.try_change(text, regclass, text, text, text, name[], name[]) is
  'Tries an expiry''s change on a copy of some rows: TL030 when it fails, TL033 when it leaves the '
  'filter true.';
