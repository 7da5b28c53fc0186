import { z } from 'zod';

/** What somebody wrote. Composed: what looks alike is alike, and is found. */
export const text = z.string().normalize().trim();
