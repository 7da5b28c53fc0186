create or replace function tally.marked_rows(watches bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What a statement changed, as r: its new rows, its old ones, or both, with the columns in use.
  select format('(%s) r', case event
           when 'insert' then c.list || ' from tally_new t'
           when 'delete' then c.list || ' from tally_old t'
           -- Without columns the number of rows is all that counts, and is the same on both sides.
           else c.list || ' from tally_new t'
                || case when c.list = 'select 1' then ''
                        else ' union all ' || c.list || ' from tally_old t' end
         end)
  from (
    select coalesce('select ' || tally.column_list(w.source, array_agg(c)
                                                     filter (where c is not null)),
                    'select 1') as list
    from tally.watches w
    left join unnest(w.columns) c on true
    where w.id = any (marked_rows.watches)
    group by w.source
  ) c
$function$;

comment on function tally.marked_rows(bigint[], text) is
  'Text for tally.build_functions: the rows that an event changed.';
