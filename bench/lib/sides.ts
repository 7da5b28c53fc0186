/** Each side has the same tables in a schema of its own name. */
export const SIDES = ['plain', 'classic', 'ours'] as const;
export type Side = (typeof SIDES)[number];
