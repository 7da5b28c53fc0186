import fc from 'fast-check';
import { type Column, id, type Table } from './tables.js';

/** Random changes of one table by one command, as SQL text. */

export type Sql = fc.Arbitrary<string>;

export const ROWS_MAX = 5;

function literal(value: string | null, type: string): string {
  return value === null ? `null::${type}` : `'${value.replaceAll("'", "''")}'::${type}`;
}

const sqlValue = ({ value, type }: Column): Sql => value.map((raw) => literal(raw, type));

const rowOf = (columns: readonly Column[]): Sql =>
  fc.tuple(...columns.map(sqlValue)).map((values) => `(${values.join(', ')})`);

export const namesOf = (table: Table) => table.columns.map(({ name }) => name).join(', ');

const valuesOf = (table: Table): Sql =>
  fc
    .array(rowOf(table.columns), { minLength: 1, maxLength: ROWS_MAX })
    .map((rows) => `values ${rows.join(', ')}`);

export const targetOf = (table: Table): Sql =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(table.name) }, fc.constantFrom(...table.targets));

const where = fc.oneof(
  { weight: 4, arbitrary: id.map((n) => `id = ${n}`) },
  {
    weight: 4,
    arbitrary: fc.tuple(id, id).map(([a, b]) => `id between ${a} and ${a}::int + ${b} / 4`),
  },
  { weight: 2, arbitrary: fc.tuple(id, id, id).map((ids) => `id in (${ids.join(', ')})`) },
  { weight: 1, arbitrary: id.map((n) => `id % 4 = ${n} % 4`) },
);

const onConflict = (table: Table): Sql => {
  const { key } = table;
  const rest = table.columns.filter(({ name }) => !key.includes(name)).map(({ name }) => name);
  const update = `on conflict (${key.join(', ')}) do update set `;
  const excluded = rest.map((name) => `${name} = excluded.${name}`).join(', ');
  // A deferrable key cannot decide a conflict at all; one without other columns has none to set.
  if (key.length === 0) return fc.constant('');
  const merging = rest.length === 0 ? `${key[0]} = excluded.${key[0]}` : excluded;
  return fc.constantFrom(
    '',
    'on conflict do nothing',
    'on conflict do nothing',
    `on conflict (${key.join(', ')}) do nothing`,
    `${update}${merging}`,
    `${update}${merging} where excluded.id % 2 = 0`,
  );
};

export const insert = (table: Table): Sql =>
  fc
    .tuple(targetOf(table), valuesOf(table), onConflict(table))
    .map(
      ([target, rows, conflict]) => `insert into ${target} (${namesOf(table)}) ${rows} ${conflict}`,
    );

/** Ids beyond those that single rows have, too. */
const bulk = (table: Table): Sql =>
  fc
    .tuple(id, fc.integer({ min: 10, max: 60 }), rowOf(table.columns.slice(1)))
    .map(([from, count, rest]) => {
      const values = rest === '()' ? 'g' : `g, ${rest.slice(1, -1)}`;
      const quiet = table.key.length === 0 ? '' : ' on conflict do nothing';
      return (
        `insert into ${table.name} (${namesOf(table)}) ` +
        `select ${values} from generate_series(${from}, ${from} + ${count}) g${quiet}`
      );
    });

const assignment = (column: Column): Sql =>
  fc.oneof(
    { weight: 5, arbitrary: sqlValue(column).map((value) => `${column.name} = ${value}`) },
    { weight: 1, arbitrary: fc.constant(`${column.name} = ${column.name}`) },
    ...(column.type === 'int'
      ? [
          {
            weight: 2,
            arbitrary: fc
              .constantFrom('+ 1', '* -1')
              .map((by) => `${column.name} = ${column.name} ${by}`),
          },
        ]
      : []),
  );

const assignments = (table: Table): Sql =>
  fc
    .subarray([...table.columns.keys()], { minLength: 1 })
    .chain((chosen) =>
      fc.tuple(...table.columns.filter((_, i) => chosen.includes(i)).map(assignment)),
    )
    .map((parts) => parts.join(', '));

const update = (table: Table): Sql =>
  fc
    .tuple(targetOf(table), assignments(table), where)
    .map(([target, set, which]) => `update ${target} set ${set} where ${which}`);

export const change = (table: Table): Sql => {
  const [, ...rest] = table.columns;
  if (rest.length === 0) return update(table);
  return fc
    .tuple(targetOf(table), fc.constantFrom(...rest).chain(assignment), where)
    .map(([target, set, which]) => `update ${target} set ${set} where ${which}`);
};

const nothing = (table: Table): Sql =>
  fc
    .tuple(targetOf(table), where)
    .map(([target, which]) => `update ${target} set id = id where ${which}`);

export const remove = (table: Table): Sql =>
  fc.tuple(targetOf(table), where).map(([target, which]) => `delete from ${target} where ${which}`);

export const swap = (table: Table): Sql =>
  table.swap.length === 0
    ? nothing(table)
    : fc
        .tuple(fc.constantFrom(...table.swap), id, id)
        .map(
          ([name, a, b]) =>
            `update ${table.name} t set ${name} = coalesce((select o.${name} from ${table.name} o ` +
            `where o.id = case t.id when ${a} then ${b} else ${a} end limit 1), t.${name}) ` +
            `where t.id in (${a}, ${b})`,
        );

const merge = (table: Table, source = (rows: string) => rows): Sql =>
  fc
    .tuple(
      targetOf(table),
      valuesOf(table).map(source),
      fc.constantFrom('delete', 'do nothing'),
      fc.boolean(),
    )
    .map(([target, rows, matched, inserting]) => {
      const rest = table.columns.slice(1).map(({ name }) => `${name} = s.${name}`);
      const set = (rest.length === 0 ? ['id = s.id'] : rest).join(', ');
      const given = table.columns.map(({ name }) => `s.${name}`).join(', ');
      return (
        `merge into ${target} t using (${rows}) s (${namesOf(table)}) on t.id = s.id ` +
        `when matched and s.id % 3 = 0 then ${matched} ` +
        `when matched then update set ${set} ` +
        (inserting ? `when not matched and s.id % 7 = 0 then do nothing ` : '') +
        `when not matched then insert (${namesOf(table)}) values (${given})`
      );
    });

/** A MERGE that runs after one part of its statement and before another. */
export const mergeBetween = (table: Table): Sql => {
  const after = (rows: string) =>
    `select v.* from (${rows}) v where (select count(*) from first) >= 0`;
  return fc
    .tuple(change(table), fc.oneof(change(table), remove(table)), merge(table, after))
    .map(
      ([first, last, main]) =>
        `with first as (${first} returning 1), last as (${last} returning 1) ${main}`,
    );
};

/** Whatever one command can do to one table. */
export const simple = (table: Table): Sql =>
  fc.oneof(
    { weight: 8, arbitrary: insert(table) },
    { weight: 1, arbitrary: bulk(table) },
    { weight: 4, arbitrary: update(table) },
    { weight: 6, arbitrary: change(table) },
    { weight: 1, arbitrary: nothing(table) },
    { weight: 4, arbitrary: remove(table) },
    { weight: 2, arbitrary: swap(table) },
    { weight: 3, arbitrary: merge(table) },
  );
