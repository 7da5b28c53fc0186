import fc from 'fast-check';

/** The tables of the fixture as the generators see them: what may be written, and which values. */

export type Column = {
  readonly name: string;
  readonly type: string;
  /** As COPY would have it; null is NULL. */
  readonly value: fc.Arbitrary<string | null>;
};

export type Table = {
  readonly name: string;
  /** What a statement may name: the table, the partitioned tables below it, the leaves. */
  readonly targets: readonly string[];
  /** What ON CONFLICT infers by; empty: it is given without. */
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  /** Columns whose values two rows may swap. */
  readonly swap: readonly string[];
};

/** Few ids, so that the sessions get into each other's way. */
const ID_MAX = 30;
export const id = fc.integer({ min: 1, max: ID_MAX }).map(String);

const small = fc.integer({ min: -4, max: 14 }).map(String);
const text = fc.constantFrom('', 'a', 'b', 'ä', 'say "hi"', 'line\nline\t\\', '\u0001'.repeat(3));
/** 512 bytes, each escaped as six in JSON: as long as a change in an announcement can get. */
const longest = fc.constantFrom('\u0002'.repeat(512), 'x'.repeat(512));
const tooLong = fc.constant('y'.repeat(513));
const day = fc.constantFrom('2026-01-01', '2026-01-31', '2026-02-01', '2026-02-28');
const moment = fc.constantFrom('2026-01-01 23:30:00+00', '2026-01-02 00:30:00+00');
const amount = fc.constantFrom('0', '1', '-5', '0.5', '1.5', '-2.5', '1000000', '0.4999');
const wild = fc.constantFrom('NaN', 'Infinity', '-Infinity', '1e25');
const huge = fc.constantFrom('9223372036854775807', '-9223372036854775808', '4611686018427387904');
const score = fc.constantFrom('0', '0.5', '1.5', '-2.5', '3e3', '-7.25');

function mostly<T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare });
}

const orNull = (value: fc.Arbitrary<string>): fc.Arbitrary<string | null> =>
  mostly<string | null>(value, fc.constant(null), 6);

const column = (name: string, type: string, value: fc.Arbitrary<string | null>): Column => ({
  name,
  type,
  value,
});

const int = (name: string, value: fc.Arbitrary<string | null> = orNull(small)) =>
  column(name, 'int', value);
const key = int('id', id);

export const TABLES: readonly Table[] = [
  { name: 'app.one', targets: ['app.one'], key: ['id'], columns: [key], swap: [] },
  {
    name: 'app.bare',
    targets: ['app.bare'],
    key: [],
    columns: [key, int('n'), column('amount', 'numeric', orNull(amount))],
    swap: ['id', 'n', 'amount'],
  },
  {
    name: 'app.items',
    targets: ['app.items'],
    key: ['id'],
    columns: [
      key,
      column('grp', 'text', orNull(mostly(mostly(text, longest, 30), tooLong, 150))),
      column('kind', 'app.kind', orNull(fc.constantFrom('open', 'active', 'closed'))),
      column('day', 'date', orNull(day)),
      column('at', 'timestamptz', orNull(moment)),
      int('n'),
      column('amount', 'numeric', orNull(mostly(amount, wild, 60))),
      column('big', 'bigint', orNull(mostly(small, huge, 5))),
      column('flag', 'boolean', orNull(fc.constantFrom('t', 'f'))),
    ],
    swap: ['grp', 'kind', 'n', 'amount', 'flag'],
  },
  {
    name: 'app.derived',
    targets: ['app.derived'],
    key: ['id'],
    columns: [key, int('n')],
    swap: ['n'],
  },
  {
    name: 'app.parents',
    targets: ['app.parents'],
    key: ['id'],
    columns: [key, int('owner')],
    swap: ['owner'],
  },
  {
    name: 'app.children',
    targets: ['app.children'],
    key: ['id'],
    columns: [
      key,
      int('parent_id', orNull(id)),
      int('other_id', orNull(id)),
      column('state', 'text', orNull(fc.constantFrom('open', 'shut'))),
    ],
    swap: ['parent_id', 'state'],
  },
  {
    name: 'app.listed',
    targets: [
      'app.listed',
      'app.listed_eu',
      'app.listed_us',
      'app.listed_us_low',
      'app.listed_us_high',
      'app.listed_rest',
    ],
    key: ['id', 'region', 'n'],
    columns: [
      key,
      column('region', 'text', fc.constantFrom('eu', 'us', 'us', 'elsewhere')),
      int('n', small),
      column('grp', 'text', orNull(text)),
      column('amount', 'numeric', orNull(amount)),
    ],
    swap: ['region', 'grp', 'amount', 'n'],
  },
  {
    name: 'app.ranged',
    targets: ['app.ranged', 'app.ranged_1', 'app.ranged_2'],
    key: ['id', 'day'],
    columns: [
      key,
      column('day', 'date', mostly(day, fc.constant('2026-03-01'), 40)),
      int('parent_id', mostly<string | null>(fc.constant(null), id, 1)),
      int('n'),
      column('score', 'float8', orNull(score)),
    ],
    swap: ['day', 'score'],
  },
  {
    name: 'app.guarded',
    targets: ['app.guarded'],
    key: ['id'],
    columns: [key, column('tenant', 'text', orNull(fc.constantFrom('a', 'a', 'b', 'c'))), int('n')],
    swap: ['tenant'],
  },
  {
    name: 'app.shaped',
    targets: ['app.shaped'],
    key: ['id'],
    columns: [
      key,
      column('grp', 'text', orNull(fc.constantFrom('a', 'A', 'b'))),
      int('n', fc.constantFrom('1', '7', '13', null)),
    ],
    swap: ['grp'],
  },
];
