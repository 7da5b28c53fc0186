create or replace function tally.top_after(
  name text, n integer, after_value bigint, after_scope text
)
returns table (scope text, value bigint)
language plpgsql
stable
security definer  -- readers have no right on tally.totals
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- what is pending is found by index, whatever statistics say
as $function$
declare
  v_counter bigint := tally.check_name(top_after.name);
  -- Above whatever a number can be: from the highest on.
  v_value   numeric := coalesce(top_after.after_value, 9223372036854775808);
begin
  -- The next n by index, except the few that have changes pending: these are added with what
  -- they stand at now. So it is exact, and looks at n rows and at what is pending, however far
  -- down it begins.
  if not (select d.ranked from tally.definitions d where d.id = v_counter) then
    raise exception using errcode = 'TL014',
      message = format('counter "%s" is not ranked', top_after.name),
      hint = 'Only a counter created with ranked => true keeps its order ready.';
  end if;
  if top_after.n is null or top_after.n < 0 then
    raise exception using errcode = 'TL014',
      message = format('tally.top: n is %s', coalesce(top_after.n::text, 'null')),
      hint = 'n is how many to return: 0 or more.';
  end if;
  return query
  with recent as materialized (
    -- Of all counters: by counter it would step over the dead rows of this one.
    select p.counter, p.scope, p.delta from tally.pending p
  ), pending as materialized (
    select p.scope, sum(tally.bounded(p.delta)) as delta
    from recent p
    where p.counter = v_counter
    group by p.scope
  ), standing as (
    -- In two halves: one condition for both would step over all that stand at the same value.
    (select t.scope, t.ranking as value
     from tally.totals t
     where t.counter = v_counter and t.ranking = v_value and t.scope > top_after.after_scope
       and not exists (select from pending p where p.scope = t.scope)
     order by t.scope
     limit top_after.n)
    union all
    (select t.scope, t.ranking
     from tally.totals t
     where t.counter = v_counter and t.ranking < v_value
       and not exists (select from pending p where p.scope = t.scope)
       and t.ranking between -9223372036854775808 and 9223372036854775807
     order by t.ranking desc, t.scope
     limit top_after.n)
    union all
    select p.scope, p.delta + coalesce(t.value, 0)
    from pending p
    left join tally.totals t on t.counter = v_counter and t.scope = p.scope
    where p.delta + coalesce(t.value, 0) < v_value
       or p.delta + coalesce(t.value, 0) = v_value and p.scope > top_after.after_scope
  )
  select s.scope, s.value::bigint
  from standing s
  where s.value between -9223372036854775808 and 9223372036854775807
    and exists (select from tally.counter_definitions d
                where d.name = top_after.name and d.state = 'filled')
  order by s.value desc, s.scope
  limit top_after.n;
end
$function$;

comment on function tally.top_after(text, integer, bigint, text) is
  'The next n scopes of a ranked counter after that value and scope, in the order of tally.top: '
  'page after page without an offset. NULL and NULL: from the highest on.';
