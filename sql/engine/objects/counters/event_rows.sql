create or replace function tally.event_rows(counters bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What a statement changed, as r: its new rows, its old ones, or for an UPDATE both, with a
  -- column that is 1 for new rows and -1 for old ones. Where no column is used, none is
  -- there: one that the source gets later may have any name.
  select case event
    when 'insert' then tally.row_source(counters, 'tally_new') || ' r'
    when 'delete' then tally.row_source(counters, 'tally_old') || ' r'
    else format(
$rows$(
    select 1 as %3$s%4$s from %1$s n
    union all
    select -1%5$s from %2$s o
  ) r$rows$,
      tally.row_source(counters, 'tally_new'), tally.row_source(counters, 'tally_old'),
      tally.sign_column(counters), case when u.columns then ', n.*' end,
      case when u.columns then ', o.*' end)
  end
  from (select bool_or(d.columns <> '{}') as columns
        from tally.definitions d where d.id = any (counters)) u
$function$;

comment on function tally.event_rows(bigint[], text) is
  'Text for tally.build_functions: the rows that an event changed.';
