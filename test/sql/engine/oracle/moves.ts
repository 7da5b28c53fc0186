import fc from 'fast-check';
import { type Statement, statement } from './statements.js';

/** What a session may do next, and whole transactions made of that. */

const ISOLATIONS = ['read committed', 'repeatable read', 'serializable'] as const;

export type Begin = {
  readonly do: 'begin';
  readonly isolation: (typeof ISOLATIONS)[number];
  /**
   * Holds all tables against TRUNCATE from before its snapshot: a TRUNCATE that commits after an
   * older snapshot empties the table for that too, so a recount in it would prove nothing.
   */
  readonly holding: boolean;
  readonly settings: readonly string[];
};

export type Move =
  | Statement
  | Begin
  /** Compares with the recount, one's own uncommitted writes included. */
  | { readonly do: 'look' }
  /** Asks for a fold at one's own commit, as counting triggers do now and then. */
  | { readonly do: 'fold' }
  | { readonly do: 'end'; readonly how: 'commit' | 'rollback'; readonly prepare: boolean };

const settings = fc.subarray([
  `datestyle = 'German, DMY'`,
  `timezone = 'Pacific/Auckland'`,
  `intervalstyle = 'sql_standard'`,
  'extra_float_digits = -10',
  'search_path = app',
]);

export const begin: fc.Arbitrary<Begin> = fc
  .record({
    isolation: fc.constantFrom(ISOLATIONS[0], ...ISOLATIONS),
    holding: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    settings: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, settings),
    writer: fc.integer({ min: 0, max: 6 }).map((n) => n === 6),
  })
  .map(({ writer, ...rest }) => ({
    do: 'begin' as const,
    ...rest,
    settings: [...rest.settings, ...(writer ? ['role = :writer'] : [])],
  }));

export const ROLLBACK_TO: Move = { do: 'sql', text: 'rollback to s' };
const SAVEPOINT: Move = { do: 'sql', text: 'savepoint s' };
const RELEASE: Move = { do: 'sql', text: 'release s' };

const look: fc.Arbitrary<Move> = fc.constant({ do: 'look' });
const fold: fc.Arbitrary<Move> = fc.constant({ do: 'fold' });

const end: fc.Arbitrary<Move> = fc.record({
  do: fc.constant('end' as const),
  how: fc.constantFrom(
    'commit' as const,
    'commit' as const,
    'commit' as const,
    'rollback' as const,
  ),
  prepare: fc.integer({ min: 0, max: 7 }).map((n) => n === 7),
});

const inside: fc.Arbitrary<Move> = fc.oneof(
  { weight: 30, arbitrary: statement },
  { weight: 3, arbitrary: look },
  { weight: 1, arbitrary: fold },
);

/** Steps that may be undone by themselves. */
const guarded: fc.Arbitrary<readonly Move[]> = fc
  .tuple(
    fc.array(inside, { minLength: 1, maxLength: 3 }),
    fc.constantFrom([ROLLBACK_TO], [ROLLBACK_TO, RELEASE], [RELEASE], []),
  )
  .map(([steps, last]) => [SAVEPOINT, ...steps, ...last]);

const GROUPS_MAX = 5;

/** A transaction, or a statement by itself. */
export const transaction: fc.Arbitrary<readonly Move[]> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        begin,
        fc.array(
          fc.oneof(
            inside.map((one) => [one]),
            guarded,
          ),
          {
            minLength: 1,
            maxLength: GROUPS_MAX,
          },
        ),
        end,
      )
      .map(([first, groups, last]) => [first, ...groups.flat(), last]),
  },
  { weight: 2, arbitrary: statement.map((only) => [only]) },
);

/** Any move at any time: whatever list is left after shrinking is a script as good as the first. */
export const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 5, arbitrary: begin },
  { weight: 40, arbitrary: inside },
  {
    weight: 6,
    arbitrary: fc.constantFrom(SAVEPOINT, SAVEPOINT, ROLLBACK_TO, ROLLBACK_TO, RELEASE),
  },
  { weight: 8, arbitrary: end },
);
