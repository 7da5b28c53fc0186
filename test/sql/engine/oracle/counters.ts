/**
 * The counters of the fixture. `declare` is what a DBA would write; `scope`, `value` and `where`
 * say the same once more by hand, in words that depend on no session setting: the oracle must not
 * trust what the engine made of the declaration.
 */
type Counter = {
  readonly name: string;
  readonly source: string;
  readonly declare: string;
  readonly ranked: boolean;
  readonly scope: string;
  readonly value: string;
  readonly where: string;
};

type Parts = {
  readonly filter?: string;
  readonly scope?: string;
  readonly amount?: string;
  readonly ranked?: boolean;
};

type Recount = { readonly scope?: string; readonly value?: string; readonly where?: string };

function counter(name: string, source: string, parts: Parts = {}, recount: Recount = {}): Counter {
  const given = (['filter', 'scope', 'amount'] as const).flatMap((part) =>
    parts[part] === undefined ? [] : [`${part} => $tally$${parts[part]}$tally$`],
  );
  const ranked = parts.ranked === true;
  const words = [`'${name}'`, `'app.${source}'`, ...given, `ranked => ${ranked}`];
  return {
    name,
    source: `app.${source}`,
    ranked,
    declare: `select tally.create_counter(${words.join(', ')})`,
    scope: recount.scope ?? "''",
    value: recount.value ?? 'count(*)',
    where: recount.where ?? 'true',
  };
}

const SUM = (amount: string) => `sum(coalesce(${amount}, 0))`;

/** What is no number counts as one that no bigint can hold. */
const WHOLE = `case when amount in ('NaN', 'Infinity', '-Infinity') then 1e30 else round(amount) end`;

export const COUNTERS: readonly Counter[] = [
  counter('one_all', 'one'),

  counter('bare_all', 'bare'),
  counter('bare_even', 'bare', { filter: 'n % 2 = 0' }, { where: 'n % 2 = 0' }),
  counter('bare_sum', 'bare', { amount: 'amount' }, { value: SUM('round(amount)') }),

  counter('items_all', 'items'),
  counter('items_active', 'items', { filter: `kind = 'active'` }, { where: `kind = 'active'` }),
  counter('items_by_grp', 'items', { scope: 'grp', ranked: true }, { scope: 'grp' }),
  counter(
    'items_amount_by_kind',
    'items',
    { scope: 'kind', amount: 'amount', ranked: true },
    { scope: 'kind', value: SUM(WHOLE) },
  ),
  counter('items_by_day', 'items', { scope: 'day' }, { scope: `to_char(day, 'YYYY-MM-DD')` }),
  counter(
    'items_by_utc_day',
    'items',
    { scope: 'date(at)' },
    { scope: `to_char(at at time zone 'UTC', 'YYYY-MM-DD')` },
  ),
  counter('items_by_twice', 'items', { scope: 'twice' }, { scope: '2 * n::bigint' }),
  counter(
    'items_big',
    'items',
    { scope: 'grp', amount: 'big' },
    { scope: 'grp', value: SUM('big') },
  ),
  counter(
    'items_flagged',
    'items',
    { filter: 'flag and amount > 0', scope: 'n % 3', amount: 'n' },
    { where: 'flag and amount > 0', scope: 'n % 3', value: SUM('n') },
  ),

  counter('derived_by_m', 'derived', { scope: 'm' }, { scope: 'n % 5' }),
  counter(
    'derived_sum',
    'derived',
    { amount: 'm', filter: 'm > 0' },
    {
      value: SUM('n % 5'),
      where: 'n % 5 > 0',
    },
  ),

  counter('parents_by_owner', 'parents', { scope: 'owner', ranked: true }, { scope: 'owner' }),
  counter(
    'children_by_parent',
    'children',
    { scope: 'parent_id', ranked: true },
    {
      scope: 'parent_id',
    },
  ),
  counter('children_by_other', 'children', { scope: 'other_id' }, { scope: 'other_id' }),
  counter('children_open', 'children', { filter: `state = 'open'` }, { where: `state = 'open'` }),

  counter('listed_all', 'listed'),
  counter('listed_by_region', 'listed', { scope: 'region', ranked: true }, { scope: 'region' }),
  counter(
    'listed_sum',
    'listed',
    { scope: 'grp', amount: 'amount' },
    { scope: 'grp', value: SUM('round(amount)') },
  ),
  counter('listed_negative', 'listed', { filter: 'n < 0' }, { where: 'n < 0' }),

  counter('ranged_by_day', 'ranged', { scope: 'day' }, { scope: `to_char(day, 'YYYY-MM-DD')` }),
  counter('ranged_by_parent', 'ranged', { scope: 'parent_id' }, { scope: 'parent_id' }),
  counter('ranged_score', 'ranged', { amount: 'score' }, { value: SUM('score::bigint') }),

  counter('guarded_by_tenant', 'guarded', { scope: 'tenant' }, { scope: 'tenant' }),
  counter('guarded_sum', 'guarded', { amount: 'n' }, { value: SUM('n') }),

  counter('shaped_by_grp', 'shaped', { scope: 'grp', ranked: true }, { scope: 'grp' }),
  counter('shaped_sum', 'shaped', { amount: 'n' }, { value: SUM('n') }),
];

function recountOf(counter: Counter): string {
  return (
    `select '${counter.name}' as name, (${counter.scope})::text collate "C" as scope, ` +
    `(${counter.value})::numeric as value from ${counter.source} ` +
    `where (${counter.where}) and (${counter.scope}) is not null group by 1, 2`
  );
}

/**
 * One statement, so one snapshot: each number that is shown and should not be, or is not shown and
 * should be. A scope without rows is absent or 0; beyond bigint nothing is shown; a counter that is
 * not filled shows nothing at all.
 */
export const DIFFERENCES = `
with actual as (
  ${COUNTERS.map(recountOf).join('\n  union all ')}
), shown as (
  select c.name, c.scope collate "C" as scope, c.value::numeric as value from tally.counters c
), state as (
  select d.name, d.state = 'filled' as filled from tally.counter_definitions d
), expected as (
  select a.name, a.scope, a.value
  from actual a
  join state s on s.name = a.name and s.filled
  where a.value between -9223372036854775808 and 9223372036854775807
)
select coalesce(s.name, e.name) as name, coalesce(s.scope, e.scope) as scope,
       s.value as counted, e.value as actual
from shown s
full join expected e on e.name = s.name and e.scope = s.scope
left join state on state.name = coalesce(s.name, e.name)
where state.filled is not true
   or coalesce(s.value, 0) <> coalesce(e.value, 0)
   or (e.value is null and exists (
         select from actual a where a.name = s.name and a.scope = s.scope))
order by 1, 2`;

export const RANKED = COUNTERS.filter(({ ranked }) => ranked).map(({ name }) => name);
