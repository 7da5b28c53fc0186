import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** This release, as package.json names it; the engine in the database has the same. */
export const VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version;

/** What brings a database to this release; without the flag the applications come along. */
export const MIGRATE =
  'pgtally migrate --engine-only, or without it where the bundled applications are';
