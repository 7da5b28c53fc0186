import { z } from 'zod';

/** As it is written back: without a sign, a zero in front, an exponent or a space. */
const DIGITS = /^(?:0|[1-9]\d*)$/;
const WRONG = 'is no whole number in plain digits, such as 42';

export type Bounds = { readonly least: number; readonly most: number };

/**
 * A whole number in a path or a query, where everything is text: 0x10, 1e3, +5 and 05 are none. What
 * it is where none is sent comes by `prefault`, which /openapi.json shows.
 */
export function digits({ least, most }: Bounds) {
  const numberOf = (given: unknown) =>
    typeof given === 'string' && DIGITS.test(given) ? Number(given) : given;
  const whole = z.int({
    error: ({ code }) => (code === 'invalid_type' ? WRONG : `is not from ${least} to ${most}`),
  });
  return z.preprocess(numberOf, whole.min(least).max(most));
}

/** The id of a row, in a path or a query. */
export const rowId = digits({ least: 1, most: Number.MAX_SAFE_INTEGER });
