create or replace function tally.top(name text, n integer)
returns table (scope text, value bigint, rank bigint)
language plpgsql
stable
security definer  -- readers have no right on tally.totals
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- what is pending is found by index, whatever statistics say
as $function$
declare
  v_counter bigint := tally.check_name(top.name);
begin
  -- The n highest by index, except the few that have changes pending: these are added with what
  -- they stand at now. So it is exact, and looks at n rows and at what is pending.
  if not (select d.ranked from tally.definitions d where d.id = v_counter) then
    raise exception using errcode = 'TL014',
      message = format('counter "%s" is not ranked', top.name),
      hint = 'Only a counter created with ranked => true keeps its order ready.';
  end if;
  if top.n is null or top.n < 0 then
    raise exception using errcode = 'TL014',
      message = format('tally.top: n is %s', coalesce(top.n::text, 'null')),
      hint = 'n is how many to return: 0 or more.';
  end if;
  return query
  with recent as materialized (
    -- Of all counters: by counter it would step over the dead rows of this one.
    select p.counter, p.scope, p.delta from tally.pending p
  ), pending as materialized (
    select p.scope, sum(p.delta) as delta
    from recent p
    where p.counter = v_counter
    group by p.scope
  ), standing as (
    (select t.scope, t.ranking as value
     from tally.totals t
     where t.counter = v_counter and t.ranking is not null
       and not exists (select from pending p where p.scope = t.scope)
       and t.ranking between -9223372036854775808 and 9223372036854775807
     order by t.ranking desc, t.scope
     limit top.n)
    union all
    select p.scope, p.delta + coalesce(t.value, 0)
    from pending p
    left join tally.totals t on t.counter = v_counter and t.scope = p.scope
  )
  select s.scope, s.value::bigint, row_number() over (order by s.value desc, s.scope)
  from standing s
  where s.value between -9223372036854775808 and 9223372036854775807
    and exists (select from tally.counter_definitions d
                where d.name = top.name and d.state = 'filled')
  order by s.value desc, s.scope
  limit top.n;
end
$function$;

comment on function tally.top(text, integer) is
  'The n highest scopes of a ranked counter, exact now; equal values in the order of scope.';
