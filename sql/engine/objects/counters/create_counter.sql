-- No pinned search_path: filter, scope and amount are read with the caller's. Everything of ours
-- is qualified, operators and types too: somebody else's on that path would run as the caller.
-- Runs with the caller's rights, who must own the source.

create or replace function tally.create_counter(
  name     text,
  source   pg_catalog.regclass,
  filter   text default null,
  scope    text default null,
  amount   text default null,
  audience text default 'private',
  ranked   boolean default false
)
returns void
language plpgsql
as $function$
declare
  v_filter pg_catalog.record;
  v_scope  pg_catalog.record;
  v_amount pg_catalog.record;
begin
  -- Declares a counter. It only attaches: rows that are there already are counted by a fill.
  perform tally.check_counter(name, source, audience, ranked);

  select 'true' as sql_text, 0::pg_catalog.int2 as by_settings, false as calls,
         '{}'::pg_catalog.name[] as columns
  into v_filter;
  select '''''::text' as sql_text, 0::pg_catalog.int2 as by_settings, false as calls,
         '{}'::pg_catalog.name[] as columns
  into v_scope;
  select '1::bigint' as sql_text, 0::pg_catalog.int2 as by_settings, false as calls,
         '{}'::pg_catalog.name[] as columns
  into v_amount;
  if filter is not null then
    select e.sql_text, e.by_settings, e.calls, e.columns into v_filter
    from tally.compile_expression(name, 'filter', source, filter) e;
  end if;
  if scope is not null then
    select e.sql_text, e.by_settings, e.calls, e.columns into v_scope
    from tally.compile_expression(name, 'scope', source, scope) e;
  end if;
  if amount is not null then
    select e.sql_text, e.by_settings, e.calls, e.columns into v_amount
    from tally.compile_expression(name, 'amount', source, amount) e;
  end if;

  perform tally.put_counter(name, source, filter, scope, amount, audience, ranked,
    v_filter.sql_text, v_scope.sql_text, v_amount.sql_text,
    greatest(v_filter.by_settings, v_scope.by_settings, v_amount.by_settings),
    v_filter.calls or v_scope.calls or v_amount.calls,
    pg_catalog.array_cat(pg_catalog.array_cat(v_filter.columns, v_scope.columns),
                         v_amount.columns));
end
$function$;

comment on function
  tally.create_counter(text, pg_catalog.regclass, text, text, text, text, boolean) is
  'Declares a counter over the rows of a table: how many match filter, or the sum of amount, one '
  'number for each scope. Again with the same words changes nothing. tally.drop_counter undoes it.';
