create or replace view tally.beyond as
select o.counter, o.scope, o.value
from (
  -- Folded already, by an index of its own; what is pending may have brought it back.
  select t.counter, t.scope,
         tally.bounded(t.value)
           + coalesce((select sum(tally.bounded(p.delta)) from tally.pending_by_key p
                       where p.counter = t.counter and p.scope = t.scope), 0) as value
  from tally.totals t
  where t.value > 9223372036854775807 or t.value < -9223372036854775808
  union all
  select p.counter, p.scope, p.delta + coalesce(t.value, 0)
  from (select d.counter, d.scope, sum(tally.bounded(d.delta)) as delta
        from tally.pending d
        group by d.counter, d.scope) p
  left join tally.totals t on t.counter = p.counter and t.scope = p.scope
  where t.value is null or t.value between -9223372036854775808 and 9223372036854775807
) o
where o.value > 9223372036854775807 or o.value < -9223372036854775808;

comment on view tally.beyond is
  'Numbers beyond bigint, which are not shown, exact in the reader''s snapshot. Of 1e59 and more: one '
  'that holds a delta which cannot be summed, and that only a repair puts right.';
