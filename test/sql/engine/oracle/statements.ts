import fc from 'fast-check';
import {
  change,
  insert,
  mergeBetween,
  namesOf,
  ROWS_MAX,
  remove,
  type Sql,
  simple,
  swap,
  targetOf,
} from './changes.js';
import { TABLES } from './tables.js';

/** Random statements of every shape. */

export type Statement =
  | { readonly do: 'sql'; readonly text: string }
  | { readonly do: 'copy'; readonly text: string; readonly data: string };

/** Several changes in one statement, of one table or of several. */
const ctes: Sql = fc
  .array(
    fc.constantFrom(...TABLES).chain((table) => {
      const one = fc.oneof(insert(table), change(table), remove(table), swap(table));
      return fc.array(one, { minLength: 1, maxLength: 3 });
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((parts) => {
    const all = parts.flat();
    const named = all.map((statement, i) => `c${i} as (${statement} returning 1)`);
    const sums = all.map((_, i) => `(select count(*) from c${i})`);
    return `with ${named.join(', ')} select ${sums.join(' + ')}`;
  });

const betweenParts: Sql = fc.constantFrom(...TABLES).chain(mergeBetween);

const truncate: Sql = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...TABLES).chain(targetOf) },
    { weight: 1, arbitrary: fc.constant('app.items, app.bare, app.listed') },
    { weight: 1, arbitrary: fc.constant('app.listed_us, app.listed_eu, app.shaped') },
  )
  .map((names) => `truncate ${names} cascade`);

const anySimple: Sql = fc.constantFrom(...TABLES).chain(simple);

/** A subtransaction that fails within a block which goes on. */
const block: Sql = fc
  .tuple(anySimple, anySimple)
  .map(
    ([lost, kept]) =>
      `do $do$ begin begin ${lost}; raise exception 'undone'; ` +
      `exception when raise_exception then null; end; ${kept}; end $do$`,
  );

const copyLine = (value: string | null): string =>
  value === null
    ? '\\N'
    : value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');

const copy: fc.Arbitrary<Statement> = fc
  .constantFrom(...TABLES)
  .chain((table) =>
    fc.tuple(
      targetOf(table).map((target) => `copy ${target} (${namesOf(table)}) from stdin`),
      fc.array(fc.tuple(...table.columns.map(({ value }) => value)), { maxLength: ROWS_MAX }),
    ),
  )
  .map(([text, rows]) => ({
    do: 'copy' as const,
    text,
    data: rows.map((row) => `${row.map(copyLine).join('\t')}\n`).join(''),
  }));

const sql = (text: Sql): fc.Arbitrary<Statement> =>
  text.map((it) => ({ do: 'sql' as const, text: it.trim() }));

export const statement: fc.Arbitrary<Statement> = fc.oneof(
  { weight: 40, arbitrary: sql(anySimple) },
  { weight: 5, arbitrary: sql(ctes) },
  { weight: 3, arbitrary: sql(betweenParts) },
  { weight: 3, arbitrary: copy },
  { weight: 3, arbitrary: sql(block) },
  { weight: 2, arbitrary: sql(truncate) },
);
