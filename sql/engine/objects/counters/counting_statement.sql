create or replace function tally.counting_statement(counters bigint[], event text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- One INSERT of what one statement changed, net: a key that ends where it began writes nothing.
  -- A scope that is too long is refused when it comes; a row that had one before the counter was
  -- there may go, and was never counted.
  select case when cardinality(counters) = 1 then tally.counting_one(counters[1], event) else format(
$statement$  insert into tally.deltas (counter, scope, delta)
  select k.counter,
         case when octet_length(k.scope) <= 512 then k.scope
              else tally.scope_too_long(k.counter, k.scope) end,
         sum(%1$s)
%2$s
  group by k.counter, k.scope
  having sum(%1$s) <> 0%3$s$statement$,
    case event when 'insert' then 'k.amount'
               when 'delete' then '-k.amount'
               else 'k.amount * ' || r.sign end,
    tally.counting_rows(counters, event),
    case event when 'insert' then ''
               when 'delete' then ' and octet_length(k.scope) <= 512'
               else format(' and (octet_length(k.scope) <= 512 or max(%s) > 0)', r.sign) end) end
  from (select 'r.' || tally.sign_column(counters) as sign) r
$function$;

comment on function tally.counting_statement(bigint[], text) is
  'Text for tally.build_functions: the statement that appends one event''s deltas.';
