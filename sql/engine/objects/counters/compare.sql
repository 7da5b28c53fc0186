create or replace function tally.compare(counters bigint[], lenient boolean default false)
returns table (counter bigint, scope text, counted numeric, actual numeric)
language plpgsql
stable  -- so that all its queries see the one snapshot of the statement that calls it
set search_path = pg_catalog, pg_temp
set row_security = on  -- tally.check_sight has seen to it that nothing is hidden
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
set default_text_search_config = 'pg_catalog.simple'
set backslash_quote = safe_encoding
set transform_null_equals = off
as $function$
declare
  v_counter tally.definitions;
  v_actual  text;
begin
  -- Where a counter and the recount of its rows differ. No row: exact. What a dropped partition
  -- had counted may have been kept: that is right too.
  for v_counter in
    select d.* from tally.definitions d where d.id = any (counters) order by d.name
  loop
    begin
      v_actual := tally.recount_query(v_counter.id, v_counter.source);
      if exists (select from tally.kept k where k.counter = v_counter.id) then
        v_actual := format('select u.scope, sum(u.value) as value '
          'from (%s union all select k.scope, k.value from tally.kept k where k.counter = %s) u '
          'group by u.scope', v_actual, v_counter.id);
      end if;
      return query execute format(
        'select %1$s::bigint, coalesce(a.scope, c.scope), coalesce(c.value, 0), coalesce(a.value, 0) '
        'from (%2$s) a '
        'full join (select e.scope, e.value from tally.exact e where e.counter = %1$s) c '
        'on a.scope = c.scope '
        'where coalesce(c.value, 0) <> coalesce(a.value, 0) '
        'order by 2', v_counter.id, v_actual);
    exception when others or assert_failure then
      if not lenient then
        raise;
      end if;
      raise warning using errcode = 'TL013',
        message = format('counter "%s" cannot be recounted: %s', v_counter.name,
                         tally.brief(sqlerrm));
    end;
  end loop;
end
$function$;

comment on function tally.compare(bigint[], boolean) is
  'Counted and actual, in one snapshot, wherever they differ. Lenient: a counter that cannot be '
  'recounted is a warning, and the others go on.';
