import { z } from 'zod';

const WRONG = 'is no time such as 2026-05-31T12:00:00Z';
const FIRST = '1900';

/**
 * An instant as PostgreSQL takes it: not each offset and not each year that ISO 8601 has, so it goes on
 * in UTC.
 */
export const instant = z.iso
  .datetime({ offset: true, error: WRONG })
  .transform((at) => new Date(at).toISOString())
  // Beyond 9999 and before 0 a sign comes first.
  .refine((at) => /^\d/.test(at) && at >= FIRST, WRONG);
