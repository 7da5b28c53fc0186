import type pg from 'pg';
import { messageOf } from './errors.js';

/** SQLSTATEs of what is not there: a schema, a table, a function. */
export const NOT_THERE: ReadonlySet<string> = new Set(['3F000', '42P01', '42883']);

/** SQLSTATE of what may not be done. */
export const NOT_ALLOWED = '42501';

/** SQLSTATE of a statement whose time was up. */
export const CANCELED = '57014';

/** SQLSTATE of a write where transactions are read-only. */
export const READ_ONLY = '25006';

/** What the server said, as psql shows it: message, detail, hint, context, and the place. */
export function describeSqlError(error: unknown, text?: string): string {
  if (!isSqlError(error)) {
    return messageOf(error);
  }
  const place = text === undefined ? [] : placeOf(text, Number(error.position ?? 0));
  return [
    `${error.message} (${error.code ?? 'no code'})`,
    ...place,
    ...part('detail', error.detail),
    ...part('hint', error.hint),
    // Our own errors (docs/errors.md) say what to do; where they were raised is no help.
    ...(error.code?.startsWith('TL') ? [] : part('context', error.where)),
  ].join('\n');
}

/** An answer of the server, not a lost connection. Other copies of pg make errors of other classes. */
export function isSqlError(error: unknown): error is pg.DatabaseError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/** The line that the server points at, and a caret below the character. */
function placeOf(text: string, position: number): string[] {
  if (position < 1) return [];
  // The server counts characters, JavaScript counts UTF-16 units: an emoji before it would shift it.
  const before = Array.from(text)
    .slice(0, position - 1)
    .join('');
  const number = before.split('\n').length;
  const start = before.lastIndexOf('\n') + 1;
  const line = text.slice(start).split('\n', 1)[0] ?? '';
  const label = `line ${number}: `;
  const column = Array.from(before.slice(start)).length;
  return [label + line.trimEnd(), `${' '.repeat(label.length + column)}^`];
}

function part(name: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [`${name}: ${value}`];
}
