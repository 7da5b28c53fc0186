import fc from 'fast-check';
import { type Move, move } from './moves.js';
import { shrinkingList } from './shrinking-list.js';

/** Scripts of steps, each by a session of its own choice, and how they read. */

export const SESSIONS = 4;
/** The pulse and the auditor are sessions like the others: they may be kept waiting, too. */
const KEEPERS = ['pulse', 'work', 'verify', 'checkpoint'] as const;

export type Keeper = (typeof KEEPERS)[number];

export type Step = { readonly session: number; readonly move: Move } | { readonly keeper: Keeper };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ session: fc.nat({ max: SESSIONS - 1 }), move }) },
  {
    weight: 2,
    arbitrary: fc.record({
      keeper: fc.constantFrom(KEEPERS[0], KEEPERS[0], KEEPERS[0], ...KEEPERS),
    }),
  },
);

export const script = (steps: number): fc.Arbitrary<Step[]> => shrinkingList(step, steps);

/** The script in the order in which it was begun, for whoever has to repeat it by hand. */
export function readable(steps: readonly Step[]): string {
  return steps
    .map((one) => {
      if ('keeper' in one) return `  ${one.keeper}`;
      const { do: what, ...rest } = one.move;
      const text = 'text' in rest ? rest.text : `${what} ${JSON.stringify(rest)}`;
      return `  session ${one.session}: ${text}${'data' in rest ? `\n${rest.data}\\.` : ''}`;
    })
    .join('\n');
}
