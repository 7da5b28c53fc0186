import { z } from 'zod';

/** What takes a list on from where the last page ended: SQL makes it and checks it. */
export const cursor = z
  .string()
  .max(700)
  .optional()
  .meta({ description: '`next` of the page before.' });
export const next = z
  .string()
  .nullable()
  .meta({ description: 'Send it as `after` for the next page; null after the last one.' });
